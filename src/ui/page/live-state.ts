import type { LatencyOverTime, LatencyStep } from '../../live/latency-over-time.ts';
import type { LiveSecond } from '../../live/run-in-progress.ts';
import type { TimedLatencyName } from '../../measure/latency-names.ts';
import type { RateSeries } from '../../report/plots/rate-plot.ts';
import type { TimeFrame } from '../../report/plots/time-axis.ts';
import type { PlanOnPage, QuotaOnPage, ViewOnPage } from './messages.ts';
import { type RateCounter, RateSteps } from './rate-steps.ts';

/** Slices report a second when it is over; measure-latency has read its batch of it later, within a step of any length. */
const readerLagSteps = 1;

/** Of a longer run, the plot of rates is made of steps. */
const mostSeconds = 3_600;

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

  /** Up to the last second that all slices have reported: later seconds would look like a drop. By second in the first hour, then by step. */
  rates(): RateSeries {
    const slots = this.#reportedSlots();
    if (slots.length === 0)
      return { startSecond: this.#firstSecond, intended: [], sent: [], acked: [], arrivals: [] };
    // A step may begin before the run does.
    const startSecond = Math.max(this.#firstSecond, Math.min(...slots.map(({ second }) => second)));
    const seconds = Math.max(...slots.map(endOf)) - startSecond;
    const secondsPerStep = seconds > mostSeconds ? this.plan.secondsPerStep : 1;
    const steps = new RateSteps(startSecond, seconds, secondsPerStep);
    const column = (counter: RateCounter) => steps.sums(slots, counter);
    const peaks = (counter: Exclude<RateCounter, 'acked'>) => steps.peaks(slots, counter);
    return {
      startSecond,
      intended: column('intended'),
      sent: column('sent'),
      acked: column('acked'),
      arrivals: column('arrivals').slice(0, -readerLagSteps),
      ...(secondsPerStep > 1 && {
        secondsPerStep,
        peaks: { intended: peaks('intended'), sent: peaks('sent'), arrivals: peaks('arrivals') },
      }),
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

  /** Rates in the last second that all slices have reported. */
  lastSecond(): { readonly sent: number; readonly intended: number } {
    const { seconds = 1, sent, intended } = this.#lastSlot() ?? { sent: 0, intended: 0 };
    return { sent: sent / seconds, intended: intended / seconds };
  }

  /** At the end of the last second that all slices have reported. */
  activeUsers(): number {
    return this.#lastSlot()?.users ?? 0;
  }

  /** In the last reported second, and in the busiest. */
  useOf({ usedBy }: QuotaOnPage): { readonly now: number; readonly peak: number } {
    const latest = this.#lastSlot();
    const peak = this.#reportedSlots().reduce(
      (most, slot) => Math.max(most, (slot.peaks ?? slot)[usedBy]),
      0,
    );
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

  #lastSlot(): LiveSecond | undefined {
    return this.#reportedSlots().reduce<LiveSecond | undefined>(
      (latest, slot) => (latest === undefined || slot.second > latest.second ? slot : latest),
      undefined,
    );
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
