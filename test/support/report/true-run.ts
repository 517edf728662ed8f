import { makeLedger } from '../../../src/measure/ledger.ts';
import { MessageSets } from '../../../src/measure/message-sets.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { type Backlog, emptyBacklog } from '../../../src/measure/unread-backlog.ts';
import type { Announcement } from '../../../src/plan/actions/action.ts';
import type { ControlMessage } from '../../../src/plan/control-message.ts';
import { groupOfSlice, groupsOf, isAcknowledged, isOfDevices } from '../../../src/plan/groups.ts';
import { kindsOf } from '../../../src/plan/kinds.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { makeSliceSchedule } from '../../../src/plan/schedule.ts';
import { shareOf, sliceOf } from '../../../src/plan/slices.ts';
import { firstSubscriberSlice } from '../../../src/plan/subscribers.ts';
import { buildReport, type ReportInput } from '../../../src/report/build-report.ts';
import { buildRegionsReport } from '../../../src/report/regions-report.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { sumFields, sumOf } from '../../../src/shared/counts.ts';
import { planOf } from '../measure/run-fixture.ts';
import {
  addWindow,
  type SubscribedSituation,
  subscribed,
  subscriberRecordOf,
} from '../measure/subscribed-run.ts';
import { type ArrivedBatch, windowsOf } from './arrived-batch.ts';
import { type Fate, fine, unsent } from './fate.ts';
import { recordOf, type StreamFates } from './true-record.ts';
import { openTrueRegions } from './true-regions.ts';
import type { KindTruth, Truth } from './truth.ts';

export interface Situation {
  /** @param n of the message in its stream */
  readonly fateOf?: (slice: number, n: number) => Partial<Fate>;
  /** By slice: the message of each stream before which it was killed, and how many of them its last record contains; null: no record. */
  readonly killed?: Readonly<
    Record<number, { readonly at: number; readonly recorded: number | null; readonly isSilent?: boolean }>
  >;
  /** Milliseconds of publishing after which the user stopped the run. */
  readonly stoppedAfterMs?: number;
  readonly execution?: ReportInput['execution'];
  readonly search?: ReportInput['search'];
  readonly profile?: Readonly<Record<string, unknown>>;
  /** CloudWatch's data has not come. */
  readonly isCloudWatchSilent?: boolean;
  /** CloudWatch's sums beside those that follow from the fates. */
  readonly sums?: (truth: Truth, echoes: number) => Readonly<Record<string, number>>;
  /** Where it ran, and what its account may do. */
  readonly plan?: Partial<Plan>;
  readonly faults?: ReportInput['faults'];
  /** What a slice stored beside what became of its messages. */
  readonly record?: (result: SliceResult) => SliceResult;
  /** Actions that were issued, beside a stop. */
  readonly issued?: readonly Announcement[];
  /** What the request to stop it says beside the instant. */
  readonly stoppedOn?: Partial<ControlMessage>;
  /** What the queues say of the messages that they hold. */
  readonly backlog?: (held: MessageSets) => Partial<Backlog>;
  /** Messages that the queue delivered again, and messages of others. */
  readonly redelivered?: number;
  readonly unrelated?: number;
  /** Wills that fired. */
  readonly wills?: number;
  readonly liveView?: Report['liveView'];
  /** What its subscriber stored, of a run that has one. */
  readonly subscriber?: SubscribedSituation;
  /** What is true beside what follows from the fates. */
  readonly truth?: Partial<Truth>;
}

export type NamedSituation = readonly [name: string, situation: Situation];

/** A run of which every message's fate is known beside what its slices have stored of it. */
export function playTrueRun(situation: Situation): {
  readonly plan: Plan;
  readonly report: Report;
  readonly truth: Truth;
} {
  const planned = planOf({
    name: 'true',
    devices: 400,
    slices: { devicesPerSlice: 100 },
    stages: [
      { duration: '2s', target: 300 },
      { duration: '6s', target: 300 },
    ],
    thresholds: { lost_messages: ['count==0'], dropped_messages: ['count==0'] },
    ...situation.profile,
  });
  const { subscriber } = situation;
  const own = { ...planned, ...situation.plan };
  const plan = subscriber === undefined ? own : subscribed(own, subscriber.target);
  const { publishAt } = plan.timeline;
  const { record = (result) => result, stoppedOn } = situation;
  const stopAt = situation.stoppedAfterMs === undefined ? undefined : publishAt + situation.stoppedAfterMs;
  const ledger = makeLedger(plan);
  for (const action of situation.issued ?? []) ledger.addAction(action);
  const regions = openTrueRegions(plan);
  const held = new MessageSets();
  const kinds: KindTruth[] = [];
  let echoes = 0;
  let toRedeliver = situation.redelivered ?? 0;
  const isEchoing = groupsOf(plan).some(({ profile }) => profile.echo.fraction > 0);
  const counts = {
    intended: 0,
    sent: 0,
    taken: 0,
    acked: 0,
    throttled: 0,
    received: 0,
    duplicates: 0,
    arrivedUnacked: 0,
    takenUnacked: 0,
    unanswered: 0,
    devicesConnected: 0,
    slicesKilled: 0,
  };
  for (let slice = 0; slice < plan.slices.count; slice++) {
    const { devices } = sliceOf(plan, slice);
    const group = groupOfSlice(plan, slice);
    const kill = situation.killed?.[slice];
    counts.slicesKilled += kill === undefined ? 0 : 1;
    counts.devicesConnected += devices;
    const streams = kindsOf(group).map((kind): StreamFates => {
      const { stream } = kind;
      const share = shareOf(kind, slice);
      const { offsetMs, messages } = makeSliceSchedule(share);
      // Users of a slice that was killed start nothing more.
      const startsUntil = group.profile.users === undefined ? messages : (kill?.at ?? messages);
      const due = Array.from({ length: startsUntil }, (_, n) => n).filter(
        (n) => stopAt === undefined || publishAt + offsetMs(n) <= stopAt,
      );
      const fates = due.map((n): Fate => {
        if (kill !== undefined && n >= kill.at) return { ...fine, sent: false, ...unsent };
        const fate = { ...fine, ...situation.fateOf?.(slice, n) };
        if (!fate.sent || !fate.taken || fate.throttled) return { ...fate, ...unsent };
        if (fate.held) held.add({ slice, stream }, n);
        return isAcknowledged(kind) ? fate : { ...fate, acked: false };
      });
      if (kind.kind !== undefined) kinds.push(truthOf(group.group, kind.kind, fates));
      return { stream, offsetMs, fates, isAcknowledged: isAcknowledged(kind) };
    });
    // Commands of a backend are no messages of devices: the situation says what became of them.
    const ofDevices = isOfDevices(group) ? streams : [];
    const all = ofDevices.flatMap(({ fates }) => fates);
    counts.intended += all.length;
    for (const { fates } of ofDevices.filter((each) => !each.isAcknowledged))
      counts.unanswered += fates.filter(({ sent }) => sent).length;
    const region = regions.of(slice);
    region?.count(devices, all);
    for (const fate of all) {
      counts.sent += Number(fate.sent);
      counts.taken += Number(fate.taken);
      counts.acked += Number(fate.acked);
      counts.throttled += Number(fate.throttled);
      counts.received += Number(fate.copies > 0 || fate.held);
      echoes += Number(isEchoing && fate.echoed);
      counts.duplicates += Math.max(0, fate.copies - 1);
      counts.arrivedUnacked += Number(fate.copies > 0 && !fate.acked);
      counts.takenUnacked += Number(fate.taken && !fate.acked);
    }
    if (kill?.recorded !== null) {
      const recorded = streams.map(({ fates, ...stream }) => ({
        ...stream,
        fates: kill === undefined ? fates : fates.slice(0, kill.recorded ?? 0),
      }));
      const result = record(recordOf(plan, slice, recorded, { kill, stopAt, stoppedOn }));
      ledger.addSlice(result);
      region?.ledger.addSlice(result);
    }
    const [{ offsetMs }] = streams as [StreamFates];
    if (kill !== undefined && kill.isSilent !== true) {
      const at = publishAt + offsetMs(kill.at);
      ledger.addDeath({ slice, leg: 0, at, failure: { Error: 'Runtime.ExitError' } });
    }
    for (const [i, { stream, fates }] of ofDevices.entries()) {
      const batch: ArrivedBatch = {
        stream,
        copies: fates.map(({ copies }) => copies),
        aheadMs: situation.truth?.clocksAheadMs?.[slice] ?? 0,
        redelivered: toRedeliver,
        unrelated: slice + i === 0 ? (situation.unrelated ?? 0) : 0,
        wills: slice + i === 0 ? (situation.wills ?? 0) : 0,
      };
      for (const window of windowsOf(plan, slice, batch)) {
        addWindow(ledger, window, subscriber);
        region?.ledger.addWindow(window);
      }
      toRedeliver = Math.max(0, toRedeliver - sumOf(batch.copies));
    }
  }
  if (subscriber?.record !== null && subscriber !== undefined)
    ledger.addSubscriber(subscriberRecordOf(plan, subscriber.record?.(counts, plan)));
  if (subscriber?.diedOf !== undefined) {
    const failure = { Error: subscriber.diedOf };
    ledger.addDeath({ slice: firstSubscriberSlice, leg: 0, at: publishAt, failure });
  }
  const truth: Truth = {
    ...counts,
    ...(isEchoing && { echoed: echoes }),
    ...(kinds.length > 0 && { kinds: joinKinds(kinds) }),
    ...(plan.regions && { regions: regions.truth() }),
    ...situation.truth,
  };
  const sums = {
    'PublishIn.Success':
      truth.taken +
      (stopAt !== undefined && groupsOf(plan).some(({ profile }) => profile.connect.protocol === 'https')
        ? 1
        : 0),
    'PublishIn.Throttle': truth.throttled,
    'Connect.Success': truth.devicesConnected + plan.slices.count + Number(subscriber !== undefined),
    ...(isEchoing ? { 'PublishOut.Success': echoes } : {}),
    ...situation.sums?.(truth, echoes),
  };
  const input = {
    plan,
    ledger: ledger.close({ ...emptyBacklog, ...situation.backlog?.(held) }),
    now: (stopAt ?? plan.timeline.drainEndAt) + 3_000,
    search: situation.search,
    ...(situation.execution === undefined ? {} : { execution: situation.execution }),
  };
  const cloudwatch =
    subscriber?.target === undefined
      ? { sums: situation.isCloudWatchSilent === true ? {} : sums, requested: Object.keys(sums) }
      : { sums: {}, requested: [] };
  const { faults } = situation;
  const report =
    plan.regions === undefined
      ? buildReport({ ...input, cloudwatch, faults })
      : buildRegionsReport(input, regions.report({ ...input, cloudwatch, faults }));
  const { liveView } = situation;
  return { plan, report: liveView === undefined ? report : { ...report, liveView }, truth };
}

function truthOf(group: string | undefined, kind: string, fates: readonly Fate[]): KindTruth {
  return {
    name: group === undefined ? kind : `${group} / ${kind}`,
    intended: fates.length,
    sent: fates.filter(({ sent }) => sent).length,
    received: fates.filter(({ copies, held }) => copies > 0 || held).length,
  };
}

/** Of all slices. */
function joinKinds(kinds: readonly KindTruth[]): KindTruth[] {
  const names = [...new Set(kinds.map(({ name }) => name))];
  return names.map((name) => {
    const counts = kinds.filter((kind) => kind.name === name).map(({ name: _, ...count }) => count);
    return { name, ...counts.reduce(sumFields) };
  });
}
