import type { ArrivalWindow } from '../../../src/measure/arrival-window.ts';
import { measureArrivals } from '../../../src/measure/arrivals.ts';
import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
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

/** A slice that did all it should: sent everything, on time, and every message was acknowledged. */
export function resultOf(plan: Plan, slice: number, sentNumbers?: Iterable<number>): SliceResult {
  const { devices, messages: planned } = sliceOf(plan, slice);
  const sent = new IntervalSet();
  if (sentNumbers === undefined) sent.addRange(0, planned);
  else for (const n of sentNumbers) sent.add(n);
  const samples = (ms: number) =>
    histogramOf(Array.from({ length: sent.count }, (_, i) => ms + (i % 10) / 10));
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
    latencies: {
      connect: histogramOf(Array.from({ length: devices }, () => 12)),
      puback_round_trip: samples(8),
      echo_latency: histogramOf([]),
      send_lag: samples(0.1),
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
