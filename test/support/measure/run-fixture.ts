import type { ArrivalWindow } from '../../../src/measure/arrival-window.ts';
import { measureArrivals } from '../../../src/measure/arrivals.ts';
import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { type EncodedHistogram, LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';

/** 2026-09-01T10:10:10Z. */
export const createdAt = 1_788_257_410_000;

export function planOf(profile: Readonly<Record<string, unknown>> = {}): Plan {
  return makePlan({
    runId: 'fixture-20260901T101010Z-ab12',
    now: createdAt,
    coldStart: { leadMs: 0, environmentsPerSecond: 100 },
    profile: parseLoadProfile({
      name: 'fixture',
      devices: 40,
      stages: [{ duration: '10s', target: 100 }],
      slices: { devicesPerSlice: 10 },
      drain: '2s',
      ...profile,
    }),
  });
}

export function histogramOf(samples: Iterable<number>) {
  const histogram = new LatencyHistogram();
  for (const ms of samples) histogram.record(ms);
  return histogram.encode();
}

const sampled = new Map<string, EncodedHistogram>();

/** So many samples, from `ms` on in tenths of `rangeMs`. Encoded once for each: nearly all slices of a test have the same. */
function samplesOf(ms: number, count: number, rangeMs = 1): EncodedHistogram {
  const key = `${ms} ${count} ${rangeMs}`;
  const histogram =
    sampled.get(key) ?? histogramOf(Array.from({ length: count }, (_, i) => ms + ((i % 10) / 10) * rangeMs));
  sampled.set(key, histogram);
  return histogram;
}

/** A slice that did all it should: sent everything, on time, and every message was acknowledged. */
export function resultOf(plan: Plan, slice: number, sentNumbers?: Iterable<number>): SliceResult {
  const { devices, messages: planned, group } = sliceOf(plan, slice);
  const sent = new IntervalSet();
  if (sentNumbers === undefined) sent.addRange(0, planned);
  else for (const n of sentNumbers) sent.add(n);
  return {
    version: 2,
    runId: plan.runId,
    slice,
    leg: 0,
    outcome: 'completed',
    at: plan.timeline.drainEndAt,
    devices: { planned: devices, connected: devices, connectFailed: 0, reconnects: 0 },
    messages: {
      intended: planned,
      sent: sent.count,
      dropped: planned - sent.count,
      acked: sent.count,
      throttled: 0,
      failed: 0,
      unacknowledged: 0,
      echoed: 0,
    },
    droppedBy: { backlog: planned - sent.count },
    connectFailedBy: {},
    failedBy: {},
    disconnectedBy: {},
    streams: [{ intended: planned, sent: sent.encode() }],
    perSecond: {
      startSecond: Math.floor(plan.timeline.publishAt / 1000),
      intended: [planned],
      sent: [sent.count],
      acked: [sent.count],
      connected: [devices],
    },
    ...(group.profile.connect.protocol === 'mqtt' && {
      connects: {
        startSecond: Math.floor(plan.timeline.publishAt / 1000),
        offered: [devices],
        granted: [devices],
      },
    }),
    latencies: {
      connect: samplesOf(12, devices, 0),
      puback_round_trip: samplesOf(8, sent.count),
      echo_latency: samplesOf(0, 0),
      send_lag: samplesOf(0.1, sent.count),
    },
    generator: {
      cpuSeconds: 1.5,
      wallSeconds: 14,
      maxRssBytes: 90_000_000,
      idleRssBytes: 80_000_000,
      startLagMs: 0,
      eventLoopDelayP99Ms: 1.2,
      eventLoopDelayMaxMs: 9.5,
      clockBracketMs: 0.0005,
    },
  };
}

/** The streams of a result of which so many messages had become due. */
export function streamsDue({ streams }: SliceResult, intended: number): SliceResult['streams'] {
  return streams.map((stream) => ({ ...stream, intended }));
}

/** The window of a batch that brought these messages, 40 ms after they were intended. Batches differ by name. */
export function windowOf(
  plan: Plan,
  messages: readonly (readonly [slice: number, n: number, stream?: number])[],
  name = 'batch',
): ArrivalWindow {
  const at = plan.timeline.publishAt;
  const Records = messages.map(([slice, n, stream], i) => ({
    messageId: `${name}-${slice}-${n}-${i}`,
    body: JSON.stringify({
      run: plan.runId,
      slice,
      stream,
      n,
      device: n % 10,
      at,
      sent: at + 0.25,
      rule: at + 15,
    }),
    attributes: { SentTimestamp: String(at + 40) },
  }));
  return measureArrivals({ Records }, at + 50).windows[0]!;
}
