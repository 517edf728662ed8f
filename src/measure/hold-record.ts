import { groupOfSlice, groupsOf } from '../plan/groups.ts';
import { kindsOf } from '../plan/kinds.ts';
import type { GroupPlan, Plan } from '../plan/plan.ts';
import { makeReconnectTurns } from '../plan/reconnect-turns.ts';
import { countDueBefore } from '../plan/schedule.ts';
import type { SearchStep } from '../plan/search/judged-hold.ts';
import { sliceOf } from '../plan/slices.ts';
import { isScheduled, type ScheduledStream, type Stream } from '../plan/streams.ts';
import { sumBy } from '../shared/counts.ts';
import type { ArrivalWindow, DueArrivals } from './arrival-window.ts';
import { BucketSum, HoldLatencies, type SecondSpan } from './hold-latencies.ts';
import { peakShareOf, type SliceHold, sliceHoldOf, withinHold } from './hold-slices.ts';
import { attemptsOf } from './leg-attempts.ts';
import type { LegTotals } from './leg-totals.ts';
import type { OwnRates } from './own-rates.ts';
import type { GroupMeasurements, KindMeasurements } from './part-records.ts';
import type { RunLedger } from './run-ledger.ts';
import type { SliceEntry } from './slice-entry.ts';
import type { SliceResult } from './slice-result.ts';
import { formatKindKey, groupOfKindKey } from './stream-key.ts';

/**
 * A run as if only what was due in one hold had been to be sent: its counts, by message numbers, are of these messages, its latencies and
 * what is said of its generator of the hold's seconds.
 */
export interface HoldLedger extends RunLedger {
  readonly step: SearchStep;
  /** Slices that left no complete record of the hold so far. */
  readonly pending: readonly PendingSlice[];
  /** Messages, or turns to connect again, by which its slices, together, deviated from what the plan and its actions intend. */
  readonly offSchedule: number;
  /** Turns of devices to connect again that were due, and those that found a connection to end. Absent: the load has none. */
  readonly reconnects?: { readonly due: number; readonly made: number };
  /** Epoch milliseconds of the last arrival at the primary observer, to the second; 0: there was none. */
  readonly lastArrivalAt: number;
}

export interface PendingSlice {
  readonly slice: number;
  /** Epoch milliseconds of its last record; absent: it left none. */
  readonly at?: number | undefined;
  /** Whether it is known to have died. */
  readonly isDead: boolean;
}

/** What of a run's ledger is one part's alone. */
export interface LedgerPart {
  entryOf(slice: number, entry: SliceEntry): SliceEntry;
  attemptsOf(slice: number, legs: readonly LegTotals[] | undefined): SliceHold['attempts'];
  group(number: number): Partial<GroupMeasurements> | undefined;
  kindsOf(number: number): (stream: number) => KindMeasurements;
}

type RunParts = Pick<LedgerPart, 'group' | 'kindsOf'>;

/** All of it. */
export function wholeRun(parts: RunParts): LedgerPart {
  return {
    entryOf: (_, entry) => entry,
    attemptsOf: (_, legs) => attemptsOf(legs),
    group: (number) => parts.group(number),
    kindsOf: (number) => parts.kindsOf(number),
  };
}

type PlannedRates = Pick<OwnRates, 'plannedStreams' | 'deviates'>;

interface Part {
  readonly latencies: HoldLatencies;
  arrivals: number;
}

/** Collects what slices and readers say of one hold. Both come in any order; memory does not depend on the length of the run. */
export class HoldRecord {
  readonly step: SearchStep;
  readonly #plan: Plan;
  readonly #span: SecondSpan;
  readonly #slices = new Map<number, SliceHold>();
  readonly #all: Part;
  /** By `groupKey` and `formatKindKey`: those that the plan has. */
  readonly #parts: ReadonlyMap<string, Part>;
  readonly #statuses = new Map<number, BucketSum>();
  readonly #connectedSendLag = new BucketSum();
  #peakCpuShare = 0;
  #loopDelayP99Ms = 0;
  #loopDelayMaxMs = 0;
  #lastArrivalSecond = 0;

  constructor(plan: Plan, step: SearchStep) {
    this.#plan = plan;
    this.step = step;
    this.#span = { from: step.holdFrom / 1_000, until: step.holdUntil / 1_000 };
    const partOf = (): Part => ({ latencies: new HoldLatencies(this.#span), arrivals: 0 });
    this.#all = partOf();
    const groups = groupsOf(plan).filter(({ group }) => group !== undefined);
    const kinds = groupsOf(plan)
      .flatMap(kindsOf)
      .filter(({ kind }) => kind !== undefined);
    const keys = [
      ...groups.map(({ number }) => groupKey(number)),
      ...kinds.map(({ number, stream }) => formatKindKey(number, stream)),
    ];
    this.#parts = new Map(keys.map((key) => [key, partOf()]));
  }

  addSlice(group: GroupPlan, result: SliceResult): void {
    const hold = sliceHoldOf(group, result, this.#span);
    const { holds } = result;
    if (hold === undefined || holds === undefined) return;
    this.#slices.set(result.slice, hold);
    const ofDevices = this.#partsOf(groupKey(group.number));
    for (const { latencies } of ofDevices) latencies.add(holds.latencies);
    for (const [stream, due] of holds.streams.entries()) {
      const parts = this.#partsOf(groupKey(group.number), formatKindKey(group.number, stream));
      for (const { latencies } of parts) latencies.add(due.latencies);
      for (const [status, seconds] of Object.entries(due.statuses ?? {}))
        this.#ofStatus(Number(status)).add(seconds, this.#span);
    }
    this.#connectedSendLag.add(holds.connectedSendLag, this.#span);
    this.#peakCpuShare = Math.max(this.#peakCpuShare, peakShareOf(holds, this.#span));
    const delays = new BucketSum();
    delays.add(holds.loopDelay, this.#span);
    const { p99, max } = delays.histogram().summary();
    this.#loopDelayP99Ms = Math.max(this.#loopDelayP99Ms, p99);
    this.#loopDelayMaxMs = Math.max(this.#loopDelayMaxMs, max);
  }

  /** Of the primary observer. */
  addWindow({ groups = {}, dueSeconds, perSecond }: ArrivalWindow): void {
    const { startSecond, arrivals } = perSecond;
    this.#lastArrivalSecond = Math.max(this.#lastArrivalSecond, startSecond + arrivals.length);
    if (dueSeconds !== undefined) this.#addArrivals([this.#all], dueSeconds);
    for (const [key, { dueSeconds: due }] of Object.entries(groups)) {
      if (due !== undefined) this.#addArrivals(this.#partsOf(groupKey(groupOfKindKey(key)), key), due);
    }
  }

  /** What of the ledger is the hold's. */
  part(run: RunParts): LedgerPart {
    return {
      entryOf: (slice, entry) =>
        withinHold(entry, this.#slices.get(slice), groupOfSlice(this.#plan, slice), this.#span),
      attemptsOf: (slice) => this.#slices.get(slice)?.attempts ?? { connectFailed: 0, reconnects: 0 },
      group: (number) => {
        const whole = run.group(number);
        return whole && { ...whole, ...this.#measured(groupKey(number)) };
      },
      kindsOf: (number) => (stream) => ({
        ...run.kindsOf(number)(stream),
        ...this.#measured(formatKindKey(number, stream)),
      }),
    };
  }

  /** @param run closed with `part` @param died whether a slice did */
  close(run: RunLedger, rates: PlannedRates, died: (slice: number) => boolean): HoldLedger {
    const { holdFrom, holdUntil } = this.step;
    const slices = Array.from({ length: run.slices.planned }, (_, slice) => slice);
    const deviates = (slice: number) => rates.deviates(slice, holdFrom, holdUntil);
    const connecting = slices.filter(
      (slice) => groupOfSlice(this.#plan, slice).profile.reconnects !== undefined,
    );
    const { arrivals } = this.#all;
    const received = run.messages.received;
    return {
      ...run,
      step: this.step,
      pending: slices
        .filter((slice) => this.#slices.get(slice)?.isComplete !== true)
        .map((slice) => ({ slice, at: this.#slices.get(slice)?.at, isDead: died(slice) })),
      offSchedule: sumBy([...this.#slices], ([slice, hold]) =>
        hold.isComplete
          ? this.#offSchedule(hold, rates.plannedStreams(slice), deviates(slice)) +
            (deviates(slice) ? this.#turnsOf(slice) : 0)
          : 0,
      ),
      ...(connecting.length > 0 && {
        reconnects: {
          due: sumBy(connecting, (slice) => this.#turnsOf(slice)),
          made: sumBy(connecting, (slice) => this.#slices.get(slice)?.turns ?? 0),
        },
      }),
      lastArrivalAt: this.#lastArrivalSecond * 1_000,
      messages: { ...run.messages, arrivals, duplicates: Math.max(0, arrivals - received) },
      latencies: this.#all.latencies.histograms(),
      connectedSendLag: this.#connectedSendLag.histogram(),
      requests: run.requests && {
        ...run.requests,
        statuses: new Map([...this.#statuses].map(([status, sum]) => [status, sum.histogram()])),
      },
      generator: {
        ...run.generator,
        // A late start is of the time before the first hold.
        startLagMs: 0,
        peakCpuShare: this.#peakCpuShare,
        eventLoopDelayP99Ms: this.#loopDelayP99Ms,
        eventLoopDelayMaxMs: this.#loopDelayMaxMs,
      },
    };
  }

  /** @param deviates whether the slice had another level in the hold than the others */
  #offSchedule({ streams }: SliceHold, planned: readonly Stream[], deviates: boolean): number {
    const { publishAt } = this.#plan.timeline;
    const dueBefore = (stream: ScheduledStream, second: number) =>
      countDueBefore(stream, second * 1_000 - publishAt);
    return Math.abs(
      sumBy(streams, ({ numbers }, i) => {
        const stream = planned[i]!;
        if (!isScheduled(stream)) return deviates ? numbers.end - numbers.first : 0;
        const due = dueBefore(stream, this.#span.until) - dueBefore(stream, this.#span.from);
        return numbers.end - numbers.first - due;
      }),
    );
  }

  /** Turns of a slice to connect again that were due in the hold. */
  #turnsOf(slice: number): number {
    const { publishAt } = this.#plan.timeline;
    const { dueBefore } = makeReconnectTurns(sliceOf(this.#plan, slice));
    return dueBefore(this.#span.until * 1_000 - publishAt) - dueBefore(this.#span.from * 1_000 - publishAt);
  }

  #measured(
    key: string,
  ): Pick<KindMeasurements, 'latencies' | 'arrivals'> & Pick<GroupMeasurements, 'latencies'> {
    const { latencies, arrivals } = this.#parts.get(key)!;
    return { latencies: latencies.histograms(), arrivals };
  }

  #addArrivals(parts: readonly Part[], due: DueArrivals): void {
    const { from, until } = this.#span;
    let arrivals = 0;
    for (let second = from; second < until; second++) {
      const buckets = due.end_to_end_latency[second] ?? [];
      for (let i = 1; i < buckets.length; i += 2) arrivals += buckets[i]!;
    }
    for (const part of parts) {
      part.arrivals += arrivals;
      part.latencies.add(due);
    }
  }

  #ofStatus(status: number): BucketSum {
    const sum = this.#statuses.get(status) ?? new BucketSum();
    this.#statuses.set(status, sum);
    return sum;
  }

  /** All of the run, and those of these that the plan has: a forged envelope may name others. */
  #partsOf(...keys: readonly string[]): readonly Part[] {
    return [this.#all, ...keys.flatMap((key) => this.#parts.get(key) ?? [])];
  }
}

function groupKey(number: number): string {
  return `group ${number}`;
}
