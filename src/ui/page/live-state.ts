import type { LatencyOverTime, LatencyStep } from '../../live/latency-over-time.ts';
import type { LiveSecond } from '../../live/run-in-progress.ts';
import type { TimedLatencyName } from '../../measure/latency-names.ts';
import type { RateSeries } from '../../report/plots/rate-plot.ts';
import type { TimeFrame } from '../../report/plots/time-axis.ts';
import type { PlanOnPage, QuotaOnPage, ViewOnPage } from './messages.ts';

/** Slices tell of a second when it is over, the subscriber when it has read its batch. */
const subscriberLagSeconds = 1;

const leastShownMs = 30_000;

const noStep: LatencyStep = { p50: null, p90: null, p99: null, max: null, heat: [] };

/** What the page knows about a run: all views so far, each of which contained only what was new. */
export class LiveState {
  readonly plan: PlanOnPage;
  readonly #seconds = new Map<number, LiveSecond>();
  readonly #latency: Readonly<Record<TimedLatencyName, Map<number, LatencyStep>>> = {
    end_to_end_latency: new Map(),
    puback_round_trip: new Map(),
  };
  #latest: ViewOnPage | undefined;

  constructor(plan: PlanOnPage) {
    this.plan = plan;
  }

  get latest(): ViewOnPage | undefined {
    return this.#latest;
  }

  take(view: ViewOnPage): void {
    this.#latest = view;
    for (const second of view.run.seconds) this.#seconds.set(second.second, second);
    for (const name of ['end_to_end_latency', 'puback_round_trip'] as const) {
      for (const { second, step } of view.run.latency[name]) this.#latency[name].set(second, step);
    }
  }

  /** Up to the last second that all slices have reported: later seconds would look like a drop. */
  rates(): RateSeries {
    const seconds = this.#toldSeconds();
    const column = (counter: 'intended' | 'sent' | 'acked' | 'arrivals') =>
      seconds.map((second) => this.#seconds.get(second)?.[counter] ?? 0);
    return {
      startSecond: seconds[0] ?? Math.floor(this.plan.frame.startAt / 1_000),
      intended: column('intended'),
      sent: column('sent'),
      acked: column('acked'),
      arrivals: column('arrivals'),
    };
  }

  latencyOverTime(name: TimedLatencyName): LatencyOverTime {
    const { secondsPerStep } = this.plan;
    const known = [...this.#latency[name].keys()];
    const startSecond = known.length === 0 ? 0 : Math.min(...known);
    const length = known.length === 0 ? 0 : (Math.max(...known) - startSecond) / secondsPerStep + 1;
    return {
      startSecond,
      secondsPerStep,
      steps: Array.from(
        { length },
        (_, i) => this.#latency[name].get(startSecond + i * secondsPerStep) ?? noStep,
      ),
    };
  }

  /** Rates in the last second that all slices have reported: those at the end of the plot. */
  lastSecond(): { readonly sent: number; readonly intended: number } {
    const { sent, intended } = this.rates();
    return { sent: sent.at(-1) ?? 0, intended: intended.at(-1) ?? 0 };
  }

  /** In the last reported second, and in the busiest. */
  useOf({ usedBy }: QuotaOnPage): { readonly now: number; readonly peak: number } {
    const seconds = this.#toldSeconds();
    const usedIn = (second: number): number => this.#seconds.get(second)?.[usedBy] ?? 0;
    return { now: usedIn(seconds.at(-1) ?? 0), peak: Math.max(0, ...seconds.map(usedIn)) };
  }

  /**
   * The run so far and a little more of it: at its beginning, plots of latencies would be thin lines in an empty field.
   */
  frameSoFar(): TimeFrame {
    const { frame } = this.plan;
    const elapsedMs = ((this.#latest?.run.toldUntil ?? 0) * 1_000 - frame.startAt) * 1.2;
    const shownMs = Math.max(leastShownMs, Math.ceil(elapsedMs / leastShownMs) * leastShownMs);
    return { ...frame, endAt: Math.min(frame.endAt, frame.startAt + shownMs) };
  }

  #toldSeconds(): number[] {
    const until = (this.#latest?.run.toldUntil ?? 0) - subscriberLagSeconds;
    const from = Math.floor(this.plan.frame.startAt / 1_000);
    const known = [...this.#seconds.keys()].filter((second) => second >= from && second < until);
    if (known.length === 0) return [];
    const first = Math.min(...known);
    return Array.from({ length: Math.max(...known) - first + 1 }, (_, i) => first + i);
  }
}
