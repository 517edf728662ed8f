import type { LatencyOverTime, LatencyStep } from '../../live/latency-over-time.ts';
import type { LiveSecond } from '../../live/run-in-progress.ts';
import type { TimedLatencyName } from '../../measure/latency-names.ts';
import type { RateSeries } from '../../report/plots/rate-plot.ts';
import type { TimeFrame } from '../../report/plots/time-axis.ts';
import type { PlanOnPage, QuotaOnPage, ViewOnPage } from './messages.ts';

/** Slices report a second when it is over; measure-latency has read its batch of it so much later. */
const readerLagSeconds = 1;

const leastShownMs = 30_000;

const noStep: LatencyStep = { p50: null, p90: null, p99: null, max: null, heat: [] };

/** What the page has received about a run: all views so far, each of which contained only what was new. */
export class LiveState {
  readonly plan: PlanOnPage;
  readonly #seconds = new Map<number, LiveSecond>();
  readonly #latency: Readonly<Record<TimedLatencyName, Map<number, LatencyStep>>> = {
    end_to_end_latency: new Map(),
    puback_round_trip: new Map(),
    pubcomp_round_trip: new Map(),
    response_time: new Map(),
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
    for (const second of view.run.seconds) {
      for (let i = 1; i < (second.seconds ?? 1); i++) this.#seconds.delete(second.second + i);
      this.#seconds.set(second.second, second);
    }
    for (const name of Object.keys(this.#latency) as TimedLatencyName[]) {
      for (const { second, step } of view.run.latency[name]) this.#latency[name].set(second, step);
    }
  }

  /** Of the whole run, with what was done to it so far. */
  get frame(): TimeFrame {
    return { ...this.plan.frame, marks: this.#latest?.marks ?? [] };
  }

  /** Up to the last second that all slices have reported: later seconds would look like a drop. */
  rates(): RateSeries {
    const slots = this.#reportedSlots();
    // A step may begin before the run does.
    const startSecond = Math.max(this.#firstSecond, Math.min(...slots.map(({ second }) => second)));
    const length = slots.length === 0 ? 0 : Math.max(...slots.map(endOf)) - startSecond;
    const column = (counter: 'intended' | 'sent' | 'acked' | 'arrivals') => {
      const rates = new Array<number>(length).fill(0);
      for (const slot of slots) {
        const { second, seconds = 1 } = slot;
        const from = second - startSecond;
        rates.fill(slot[counter] / seconds, Math.max(0, from), from + seconds);
      }
      return rates;
    };
    return {
      startSecond: slots.length === 0 ? this.#firstSecond : startSecond,
      intended: column('intended'),
      sent: column('sent'),
      acked: column('acked'),
      arrivals: column('arrivals').slice(0, -readerLagSeconds),
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

  /** At the end of the last second that all slices have reported. */
  activeUsers(): number {
    const last = this.#reportedSlots()
      .toSorted((a, b) => a.second - b.second)
      .at(-1);
    return last?.users ?? 0;
  }

  /** In the last reported second, and in the busiest. */
  useOf({ usedBy }: QuotaOnPage): { readonly now: number; readonly peak: number } {
    let latest: LiveSecond | undefined;
    let peak = 0;
    for (const slot of this.#reportedSlots()) {
      if (latest === undefined || slot.second > latest.second) latest = slot;
      peak = Math.max(peak, (slot.peaks ?? slot)[usedBy]);
    }
    return { now: latest === undefined ? 0 : latest[usedBy] / (latest.seconds ?? 1), peak };
  }

  /**
   * The run so far and a little more of it: at its beginning, plots of latencies would be thin lines in an empty field.
   */
  frameSoFar(): TimeFrame {
    const { frame } = this;
    const elapsedMs = ((this.#latest?.run.reportedUntil ?? 0) * 1_000 - frame.startAt) * 1.2;
    const shownMs = Math.max(leastShownMs, Math.ceil(elapsedMs / leastShownMs) * leastShownMs);
    return { ...frame, endAt: Math.min(frame.endAt, frame.startAt + shownMs) };
  }

  get #firstSecond(): number {
    return Math.floor(this.plan.frame.startAt / 1_000);
  }

  /** Seconds that all slices have reported, and the steps that older ones were folded into. */
  #reportedSlots(): LiveSecond[] {
    const until = this.#latest?.run.reportedUntil ?? 0;
    const from = this.#firstSecond;
    return [...this.#seconds.values()].filter((slot) => endOf(slot) > from && endOf(slot) <= until);
  }
}

/** Epoch seconds: the first that is not in it. */
function endOf({ second, seconds = 1 }: LiveSecond): number {
  return second + seconds;
}
