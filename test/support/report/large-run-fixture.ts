import type { ArrivalWindow } from '../../../src/measure/arrival-window.ts';
import { encodeBuckets, latencyBucketOf, latencyBuckets } from '../../../src/measure/latency-buckets.ts';
import type { EncodedLatencySeconds } from '../../../src/measure/latency-seconds.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { histogramOf, planOf, resultOf } from '../measure/run-fixture.ts';
import { reportOf } from './report-fixture.ts';

/** Samples drawn for each second; each stands for as many messages as make up the rate. */
const samplesPerSecond = 100;

/**
 * Ten minutes at 20,000 messages a second, as 40 slices of devices would leave them: two humps, a stall in the fifth
 * minute, a tail in the last. Twelve million messages are not sent for it; what they would leave is made up.
 */
export function largeReport(): Report {
  const plan = planOf({
    name: 'full-quota',
    devices: 20_000,
    stages: [
      { duration: '0s', target: 20_000 },
      { duration: '10m', target: 20_000 },
    ],
    slices: { devicesPerSlice: 500 },
    limits: { quotaShare: 1 },
    drain: '10s',
    thresholds: { end_to_end_latency: ['p(99)<1000'], lost_messages: ['count==0'] },
  });
  const { publishAt, startAt } = plan.timeline;
  const seconds = 600;
  const startSecond = Math.floor(publishAt / 1000);
  const random = makeRandom(7);
  const endToEnd: number[] = [];
  const seriesOf = (shiftMs: number, perSecond: number): EncodedLatencySeconds =>
    Object.fromEntries(
      Array.from({ length: seconds }, (_, second) => {
        const counts = new Uint32Array(latencyBuckets);
        for (let i = 0; i < samplesPerSecond; i++) {
          const ms = latencyAt(second, random) + shiftMs;
          endToEnd.push(ms);
          counts[latencyBucketOf(ms)]! += perSecond / samplesPerSecond;
        }
        return [String(startSecond + second), encodeBuckets(counts)];
      }),
    );

  const ledger = makeLedger(plan);
  const { count } = plan.slices;
  const perSlice = 20_000 / count;
  for (let slice = 0; slice < count; slice++) {
    const { devices, messages } = sliceOf(plan, slice);
    const base = resultOf(plan, slice, []);
    const flat: number[] = new Array(seconds).fill(perSlice);
    ledger.addSlice({
      ...base,
      messages: { ...base.messages, intended: messages, sent: messages, dropped: 0, acked: messages },
      droppedBy: {},
      streams: [{ intended: messages, sent: [0, messages] }],
      perSecond: {
        startSecond,
        intended: flat,
        sent: flat.map((rate, second) => (stalls(second) ? rate * 0.4 : rate)),
        acked: flat.map((rate, second) => (stalls(second) ? 0 : rate)),
        connected: flat.map(() => devices),
      },
      ...(slice === 0 ? { latencyPerSecond: { puback_round_trip: seriesOf(-3, 20_000) } } : {}),
      generator: { ...base.generator, startLagMs: slice % 7 === 3 ? 40 + slice * 6 : 0 },
    });
  }
  const window: ArrivalWindow = {
    version: 2,
    runId: plan.runId,
    observer: 'rule',
    window: 'all',
    arrivals: plan.load.messages,
    seen: Object.fromEntries(
      Array.from({ length: count }, (_, slice) => [String(slice), [0, sliceOf(plan, slice).messages]]),
    ),
    perSecond: { startSecond, arrivals: new Array(seconds).fill(20_000) },
    latencyPerSecond: { end_to_end_latency: seriesOf(0, 20_000) },
    latencies: {
      end_to_end_latency: histogramOf(endToEnd),
      rule_latency: histogramOf(endToEnd.map((ms) => ms - 2)),
      transit: histogramOf(endToEnd.map((ms) => ms * 0.9)),
    },
    unrelated: { notJson: 0, noEnvelope: 0 },
  };
  ledger.addWindow(window);
  const report = reportOf({ plan, ledger: ledger.close() });
  return { ...report, startedAt: new Date(startAt).toISOString() };
}

function stalls(second: number): boolean {
  return second >= 290 && second < 293;
}

function latencyAt(second: number, random: () => number): number {
  if (stalls(second)) return 20 + 3_000 * random();
  const spread = Math.exp(0.5 * (random() + random() + random() - 1.5));
  const hump = random() < 0.12 ? 60 : 9;
  const tail = second > 540 && random() < 0.02 ? 400 * random() : 0;
  return 4 + hump * spread + tail;
}

/** A small generator of its own: the same page at every call. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
