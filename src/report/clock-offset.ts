import type { LatencyName } from '../measure/latency-names.ts';
import type { LatencySummary } from '../measure/latency-summary.ts';
import { formatElapsed } from './figures.ts';
import type { ClockOffset } from './report.ts';

type Latencies = Readonly<Record<LatencyName, LatencySummary>>;

/**
 * Let θ be what the service's clocks are ahead of the devices'. What is measured across the two is the true latency plus θ.
 * A true latency is above 0, so θ ≤ min(transit), θ ≤ min(rule_latency). And a message that echoes is at the rules engine
 * no later than it is back at its device: the least true rule latency is at most min(echo_latency), which knows no θ, so
 * θ ≥ min(rule_latency) − min(echo_latency). The bounds are as far apart as the quickest round trip is long.
 */
export function clockOffsetOf({ transit, rule_latency, echo_latency }: Latencies): ClockOffset {
  const oneWay = [transit, rule_latency].filter(({ count }) => count > 0).map(({ min }) => min);
  const hasBoth = rule_latency.count > 0 && echo_latency.count > 0;
  return {
    atMostMs: oneWay.length > 0 ? Math.min(...oneWay) : null,
    atLeastMs: hasBoth ? rounded(rule_latency.min - echo_latency.min) : null,
  };
}

/** For people; empty where nothing arrived. */
export function describeClockOffset(latencies: Latencies): string[] {
  const { atMostMs, atLeastMs } = clockOffsetOf(latencies);
  if (atMostMs === null) return [];
  const bound =
    atMostMs >= 0
      ? `at most ${formatElapsed(atMostMs)} too high`
      : `at least ${formatElapsed(-atMostMs)} too low`;
  const { echo_latency, rule_latency } = latencies;
  return [
    `end_to_end_latency, rule_latency and transit span two clocks: by the smallest sample they read ${bound}, ±1 ms.`,
    ...(atLeastMs === null
      ? []
      : [
          `echo_latency is on one clock: its smallest, ${formatElapsed(echo_latency.min)}, less rule_latency’s, ` +
            `${formatElapsed(rule_latency.min)}, says that they read ${
              atLeastMs <= 0
                ? `at most ${formatElapsed(-atLeastMs)} too low`
                : `at least ${formatElapsed(atLeastMs)} too high`
            }, ±1 ms.`,
        ]),
  ];
}

/** To the microsecond, as the latencies are. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
