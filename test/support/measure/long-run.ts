import { encodeBuckets, latencyBucketOf, latencyBuckets } from '../../../src/measure/latency-buckets.ts';
import type { EncodedLatencySeconds } from '../../../src/measure/latency-seconds.ts';
import { RunSeconds } from '../../../src/measure/run-seconds.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { StormTotals } from '../../../src/measure/storm-totals.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { legsOf } from '../../../src/plan/legs.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { createdAt } from './run-fixture.ts';

export interface LongRun {
  readonly hours: number;
  readonly perSecond: number;
  readonly slices: number;
}

/** What each second of a run had, by second of its plan's `createdAt`. */
export interface SecondRecord {
  readonly sent: Float64Array;
  readonly connected: Float64Array;
  readonly offered: Float64Array;
  readonly arrivals: Float64Array;
  samples: number;
}

export function planOfLongRun({ hours, perSecond, slices }: LongRun): Plan {
  return draftPlan({
    runId: 'long',
    now: createdAt,
    profile: parseLoadProfile({
      devices: 10 * slices,
      ratePerSecond: perSecond,
      duration: `${hours}h`,
      slices: { devicesPerSlice: 10 },
    }),
  }).plan;
}

const encoded = new Map<number, readonly number[]>();
function bucketsOf(ms: number): readonly number[] {
  let buckets = encoded.get(ms);
  if (buckets === undefined) {
    const counts = new Uint32Array(latencyBuckets);
    for (const [factor, count] of [
      [1, 60],
      [1.5, 30],
      [4, 10],
    ] as const)
      counts[latencyBucketOf(ms * factor)]! += count;
    buckets = encodeBuckets(counts);
    encoded.set(ms, buckets);
  }
  return buckets;
}

/** Samples that each of `latencyEvery` seconds has. */
export const samplesOfSecond = 100;
const latencyEvery = 10;

/**
 * What slices and the reader of a long run leave by time, as it is read: leg after leg, then hour after hour. While devices move, both legs
 * count. Rates differ from second to second, one second in 9,973 is a burst, and latencies rise by a tenth of themselves each hour.
 * @param record absent: what each second had is kept by the series alone
 */
export function playLongRun(plan: Plan, { perSecond, slices }: LongRun, record?: SecondRecord) {
  const totals = new RunSeconds(plan);
  const connections = new StormTotals(plan);
  const [group] = groupsOf(plan) as [ReturnType<typeof groupsOf>[number]];
  const second0 = Math.floor(createdAt / 1_000);
  const share = perSecond / slices;
  const legs = legsOf(plan, 0);
  const rateAt = (second: number) => share + (second % 7) + (second % 9_973 === 0 ? 3 * share : 0);
  const latencyAt = (second: number) => 5 + Math.floor((second - second0) / 3_600);
  const note = (
    which: 'sent' | 'connected' | 'offered' | 'arrivals',
    startSecond: number,
    counts: number[],
  ) => {
    if (record === undefined) return;
    for (const [i, count] of counts.entries()) record[which][startSecond - second0 + i]! += count;
  };
  const latenciesFrom = (startSecond: number, length: number): EncodedLatencySeconds => {
    const seconds: Record<string, readonly number[]> = {};
    for (let i = 0; i < length; i += latencyEvery)
      seconds[startSecond + i] = bucketsOf(latencyAt(startSecond + i));
    return seconds;
  };
  for (const [leg, { from, letsGo }] of legs.entries()) {
    const startSecond = Math.floor(from / 1_000);
    const end = Math.floor((letsGo?.until ?? plan.timeline.publishEndAt) / 1_000);
    const length = end - startSecond;
    const sent = Array.from({ length }, (_, i) => rateAt(startSecond + i));
    const connected = sent.map(() => 10);
    const offered = sent.map((_, i) => (i < 10 ? 1 + (leg % 5) : 0));
    const latencyPerSecond = { puback_round_trip: latenciesFrom(startSecond, length) };
    for (let slice = 0; slice < slices; slice++) {
      const result = {
        streams: [],
        generator: {},
        perSecond: { startSecond, intended: sent, sent, acked: sent, connected },
        latencyPerSecond,
        connects: { startSecond, offered, granted: offered },
      } as unknown as SliceResult;
      totals.addSlice(group, result);
      connections.addSlice(0, result);
      for (const [which, counts] of [
        ['sent', sent],
        ['connected', connected],
        ['offered', offered],
      ] as const)
        note(which, startSecond, counts);
      if (record !== undefined)
        record.samples += samplesOfSecond * Object.keys(latencyPerSecond.puback_round_trip).length;
    }
  }
  const publishSecond = Math.floor(plan.timeline.publishAt / 1_000);
  const hours = Math.ceil((plan.timeline.publishEndAt - plan.timeline.publishAt) / 3_600_000);
  for (let hour = 0; hour < hours; hour++) {
    const startSecond = publishSecond + hour * 3_600;
    const arrivals = Array.from({ length: 3_600 }, (_, i) => slices * rateAt(startSecond + i - 1));
    const latencyPerSecond = { end_to_end_latency: latenciesFrom(startSecond, 3_600) };
    const window = { observer: 'rule', perSecond: { startSecond, arrivals }, latencyPerSecond };
    totals.addWindow(window as unknown as Parameters<typeof totals.addWindow>[0], true);
    note('arrivals', startSecond, arrivals);
  }
  return { ...totals.totals(undefined), connects: connections.connects() };
}
