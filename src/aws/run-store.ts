import type { ArrivalWindow } from '../measure/arrival-window.ts';
import type { SliceDeath } from '../measure/slice-death.ts';
import type { SliceResult } from '../measure/slice-result.ts';
import { decodeDeadLetters, encodeDeadLetters } from '../measure/stored-dead-letters.ts';
import type { SubscriberRecord } from '../measure/subscriber-record.ts';
import type { Backlog, DeadLetters } from '../measure/unread-backlog.ts';
import { type LiveAction, maxActions, type StoredAction, storeNumbered } from '../plan/actions/action.ts';
import type { InjectedFaults } from '../plan/conditions.ts';
import type { Plan } from '../plan/plan.ts';
import type { JudgedHold } from '../plan/search/judged-hold.ts';
import { formatReportJson } from '../report/report-json.ts';
import type { Report } from '../report/report-model.ts';
import { type FoldWriter, makeFoldReader, makeFoldWriter } from './run-folds.ts';
import { type LegId, type NewLiveOverflow, runKeys } from './run-keys.ts';
import { makeRunReader, type RunObjects } from './run-objects.ts';

/**
 * The record of a run: `runs/{runId}/…`. InfluxDB is the live view; this is what the report is made of. It is the one module
 * that reads and writes runs, on S3 and in a runs directory.
 */
export interface RunStore {
  putPlan(plan: Plan): Promise<void>;
  /** @throws RunNotFoundError, NoSuchRunError, and as all that reads a file: UnreadableFileError, OtherRunError */
  getPlan(runId: string): Promise<Plan>;
  putSliceResult(result: SliceResult): Promise<void>;
  /** Every slice result there is, in no order, each read when it is needed: 10,000 are never in memory at once. Those that were folded lack what their fold sums. */
  sliceResults(runId: string): AsyncIterable<SliceResult>;
  /** The last record of a leg; undefined: it has stored none. */
  resultOfLeg(runId: string, id: LegId): Promise<SliceResult | undefined>;
  /** When slices stored their records, by a list alone; of what was folded nothing. */
  storedSlices(runId: string): AsyncIterable<StoredSlice>;
  /** Causes of slices' deaths, which the state machine stores. */
  sliceDeaths(runId: string): AsyncIterable<SliceDeath>;
  /** Stores an action under the first number that is free, even against others who store at the same time. */
  putAction(runId: string, action: LiveAction): Promise<StoredAction>;
  /** Stores an action under a number. Undefined: the number is taken. @param k all below it are taken */
  putActionAt(runId: string, k: number, action: LiveAction): Promise<StoredAction | undefined>;
  /** The run's actions in their order. @param from the first number to be read */
  actions(runId: string, from?: number): AsyncIterable<StoredAction>;
  /** Stores what a hold of a search was judged to be, unless it was judged before. @returns what is stored */
  putJudgedHold(runId: string, hold: JudgedHold): Promise<JudgedHold>;
  /** In the order of their steps, without a gap. @param from the first step to be read */
  judgedHolds(runId: string, from?: number): AsyncIterable<JudgedHold>;
  putArrivalWindow(window: ArrivalWindow): Promise<void>;
  /** What a long run's files are made fewer with. */
  readonly folds: FoldWriter;
  /** Arrival windows, or sums of them, whose key is not in `known`; adds the keys of what it yields to it. */
  arrivalWindows(runId: string, known: Set<string>): AsyncIterable<ArrivalWindow>;
  /** How a slice was subscribed: a later record replaces an earlier one. */
  putSubscriber(record: SubscriberRecord): Promise<void>;
  subscribers(runId: string): AsyncIterable<SubscriberRecord>;
  /** What one Region's queues had given up when its ledger was closed, for the ledger of all Regions. */
  putDeadLetters(runId: string, backlog: Pick<Backlog, 'deadLetters'>): Promise<void>;
  /** Empty where none were stored. */
  deadLetters(runId: string): Promise<readonly DeadLetters[]>;
  putReport(report: Report, html: string): Promise<void>;
  /** Differences of the service from AWS, which embedded AWS stores. */
  getFaults(runId: string): Promise<InjectedFaults | undefined>;
  /** Points that InfluxDB could not take; the same name replaces them. */
  putLiveOverflow(runId: string, overflow: NewLiveOverflow): Promise<void>;
  liveOverflows(runId: string): AsyncIterable<LiveOverflow>;
  deleteLiveOverflow(overflow: LiveOverflow): Promise<void>;
}

/** The same, kept until InfluxDB takes them. All but the lines is in its key, and known without reading it. */
export interface LiveOverflow extends Omit<NewLiveOverflow, 'lines'> {
  readonly key: string;
  readonly lineCount: number;
  read(): Promise<readonly string[]>;
}

/** A record of a slice's leg. */
export interface StoredSlice extends LegId {
  /** Epoch milliseconds by the store's clock, perhaps to the second: the last time. Absent: it is not known. */
  readonly at?: number;
}

const sliceKey = /\/slices\/(\d+)\/(\d+)\.json$/;
const overflowKey = /([^/]+)\.(\d+)-lines(?:\.(\d{3}))?(\.whole)?\.lp$/;

export function openRunStore(objects: RunObjects): RunStore {
  const { put } = objects;
  const { get, readAll, keysIn } = makeRunReader(objects);
  const { arrivalWindows, sliceResults } = makeFoldReader(objects);
  async function* actions(runId: string, from = 0): AsyncGenerator<StoredAction> {
    for (let k = from; k < maxActions; k++) {
      const action = await get('action', runId, runKeys.action(runId, k));
      if (action === undefined) return;
      yield action;
    }
  }

  const getJudgedHold = (runId: string, step: number): Promise<JudgedHold | undefined> =>
    get('judgedHold', runId, runKeys.judgedHold(runId, { step }));

  const isPut = (action: StoredAction): Promise<boolean> =>
    objects.putIfNew(runKeys.action(action.runId, action.k), JSON.stringify(action));

  return {
    putPlan: (plan) => put(runKeys.plan(plan.runId), JSON.stringify(plan)),
    async getPlan(runId) {
      const plan = await get('plan', runId, runKeys.plan(runId));
      if (plan === undefined) throw objects.notFound(runId);
      return plan;
    },
    putSliceResult: (result) => put(runKeys.slice(result.runId, result), JSON.stringify(result)),
    resultOfLeg: (runId, id) => get('sliceResult', runId, runKeys.slice(runId, id)),
    sliceResults,
    folds: makeFoldWriter(objects),
    async *storedSlices(runId) {
      for await (const { key, modifiedAt } of objects.list(runKeys.slices(runId))) {
        const [, slice, leg] = sliceKey.exec(key) ?? [];
        if (slice === undefined) continue;
        const at = await modifiedAt();
        yield { slice: Number(slice), leg: Number(leg), ...(at !== undefined && { at }) };
      }
    },
    async *sliceDeaths(runId) {
      for await (const { key, modifiedAt } of objects.list(runKeys.deaths(runId))) {
        if (!key.endsWith('.json')) continue;
        const death = await get('sliceDeath', runId, key);
        const at = death && (await modifiedAt());
        if (death !== undefined) yield at === undefined ? death : { ...death, at };
      }
    },
    getFaults: (runId) => get('injectedFaults', runId, runKeys.faults(runId)),
    async putAction(runId, action) {
      let from = 0;
      for await (const _ of actions(runId)) from++;
      const stored = (k: number): StoredAction => ({ version: 1, runId, k, ...action });
      return stored(await storeNumbered(from, (k) => isPut(stored(k))));
    },
    async putActionAt(runId, k, action) {
      const stored: StoredAction = { version: 1, runId, k, ...action };
      return (await isPut(stored)) ? stored : undefined;
    },
    actions,
    async putJudgedHold(runId, hold) {
      if (await objects.putIfNew(runKeys.judgedHold(runId, hold), JSON.stringify(hold))) return hold;
      return (await getJudgedHold(runId, hold.step)) ?? hold;
    },
    async *judgedHolds(runId, from = 0) {
      for (let step = from; ; step++) {
        const hold = await getJudgedHold(runId, step);
        if (hold === undefined) return;
        yield hold;
      }
    },
    putArrivalWindow: (window) => put(runKeys.arrivalWindow(window.runId, window), JSON.stringify(window)),
    arrivalWindows,
    putSubscriber: (record) => put(runKeys.subscriber(record.runId, record), JSON.stringify(record)),
    subscribers: (runId) => readAll('subscriberRecord', runId, keysIn(runKeys.subscribers(runId))),
    putDeadLetters: (runId, { deadLetters }) =>
      put(runKeys.deadLetters(runId), JSON.stringify(encodeDeadLetters(runId, deadLetters))),
    async deadLetters(runId) {
      const stored = await get('deadLetters', runId, runKeys.deadLetters(runId));
      return stored === undefined ? [] : decodeDeadLetters(stored);
    },
    async putReport(report, html) {
      await put(runKeys.reportHtml(report.runId), html, 'text/html; charset=utf-8');
      await put(runKeys.report(report.runId), formatReportJson(report));
    },
    putLiveOverflow: (runId, overflow) =>
      put(runKeys.liveOverflow(runId, overflow), overflow.lines.join('\n'), 'text/plain; charset=utf-8'),
    async *liveOverflows(runId) {
      for await (const { key } of objects.list(runKeys.liveOverflows(runId))) {
        const [, name = '', lines = 0, status, whole] = overflowKey.exec(key) ?? [];
        yield {
          key,
          name,
          lineCount: Number(lines),
          status: status === undefined ? undefined : Number(status),
          isWhole: whole !== undefined,
          read: async () =>
            ((await objects.get(key)) ?? '')
              .toString()
              .split('\n')
              .filter((line) => line !== ''),
        };
      }
    },
    deleteLiveOverflow: ({ key }) => objects.delete(key),
  };
}
