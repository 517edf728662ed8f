import { latencyOverTime } from '../../../src/live/latency-over-time.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import { LatencySeconds } from '../../../src/measure/latency-seconds.ts';
import { LatencySeries } from '../../../src/measure/latency-series.ts';
import type { Report } from '../../../src/report/report-model.ts';
import type { Random } from '../../../src/shared/random.ts';

export interface SimulatedRun {
  readonly runId: string;
  /** Factor of every latency. */
  readonly scale?: number;
  /** Factor of the slowest 3 % alone. */
  readonly tailScale?: number;
  /** Standard deviation of the logarithm of what differs from run to run. */
  readonly runSd?: number;
  readonly seconds?: number;
  readonly perSecond?: number;
}

/**
 * A run as services are: lognormal latencies (p50 40 ms, p99 130 ms), a level that drifts from second to second, a second in thirty with a
 * pause that all its messages wait for, and a factor of the whole run. Acknowledgements take 2 ms, with a spread from run to run of a fifth.
 */
export function simulateRun(
  base: Report,
  random: Random,
  { runId, scale = 1, tailScale = 1, runSd = 0.02, seconds = 12, perSecond = 400 }: SimulatedRun,
): Report {
  const endToEnd = new LatencyHistogram();
  const acknowledged = new LatencyHistogram();
  const timed = new LatencySeconds();
  const run = Math.exp(runSd * gaussian(random));
  const ackRun = Math.exp(0.2 * gaussian(random));
  let drift = 0;
  for (let second = 0; second < seconds; second++) {
    drift = 0.6 * drift + 0.02 * gaussian(random);
    const pause = random() < 1 / 30 ? 30 * random() : 0;
    for (let i = 0; i < perSecond; i++) {
      const z = gaussian(random);
      const tail = z > 1.88 ? tailScale : 1;
      const ms = 40 * scale * tail * run * Math.exp(drift + 0.5 * z) + pause;
      endToEnd.record(ms);
      timed.record(second * 1_000, ms);
      acknowledged.record(2 * ackRun * Math.exp(0.4 * gaussian(random)));
    }
  }
  const series = new LatencySeries({ from: 0, until: seconds, secondsPerStep: 1 });
  series.add(timed.encode());
  const summary = endToEnd.summary();
  return {
    ...base,
    runId,
    latencyMs: {
      ...base.latencyMs,
      end_to_end_latency: summary,
      rule_latency: summary,
      transit: summary,
      puback_round_trip: acknowledged.summary(),
    },
    latencyOverTime: { ...base.latencyOverTime, end_to_end_latency: latencyOverTime(series) },
  };
}

/** Box and Muller. */
export function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
