import type { BookSteps } from '../plan/book-steps.ts';
import { isOfDevices } from '../plan/groups.ts';
import { isBasicIngest, kindsOf } from '../plan/kinds.ts';
import { isReadByRule } from '../plan/observers.ts';
import type { GroupPlan, Plan } from '../plan/plan.ts';
import { addBuckets } from './latency-buckets.ts';
import { SecondSums } from './second-sums.ts';
import type { SliceResult } from './slice-result.ts';

/**
 * What the service had to do for a run, each in the second in which that was most: of a run in steps longer than a second, an upper bound
 * where results come out of the order of time (`FoldedCounts`).
 */
export interface BusiestSeconds {
  /** Messages, commands and replies that its clients sent; refused ones count too. */
  readonly publishesIn: number;
  /** Matches of the rule, and messages that came to clients' subscriptions. What was refused on its way out is in no count. */
  readonly publishesOut: number;
  /** Messages that the rule read. */
  readonly ruleEvaluations: number;
  /** Connections of devices and of backends' clients at once. */
  readonly connections: number;
}

/** A message to the control channels of slices. */
export interface Announcement {
  /** Epoch milliseconds. */
  readonly at: number;
  /** That received it. */
  readonly slices: number;
}

/** Sums what slices and readers counted by second, of all groups together. */
export class ServiceSeconds {
  readonly #sums: SecondSums<keyof BusiestSeconds>;
  /** How often the rule evaluates each message of devices; it matches those that are not of Basic Ingest as a subscription does. */
  readonly #evaluations: number;

  /** @param steps what lies outside is not counted */
  constructor(plan: Plan, steps: BookSteps) {
    this.#sums = new SecondSums(['publishesIn', 'publishesOut', 'ruleEvaluations', 'connections'], steps);
    this.#evaluations = isReadByRule(plan) ? 1 : 0;
  }

  addSlice(
    group: GroupPlan,
    { perSecond: counts, streams }: Pick<SliceResult, 'perSecond' | 'streams'>,
  ): void {
    const { startSecond, sent, connected, replied = [], echoed = [], delivered = echoed } = counts;
    this.#sums.add('publishesIn', startSecond, sent);
    this.#sums.add('publishesIn', startSecond, replied);
    this.#sums.add('publishesOut', startSecond, delivered);
    if (isOfDevices(group)) {
      this.#sums.add('ruleEvaluations', startSecond, sent, this.#evaluations);
      this.#sums.add('publishesOut', startSecond, matchedOf(group, sent, streams), this.#evaluations);
    }
    if (group.profile.connect.protocol === 'mqtt') this.#sums.add('connections', startSecond, connected);
  }

  /** Messages that came to slices that subscribe. */
  addSubscribed(startSecond: number, arrivals: readonly number[]): void {
    this.#sums.add('publishesOut', startSecond, arrivals);
  }

  /** @param stop when the run was stopped, and how many slices received that; undefined: it was not */
  busiest(stop: Announcement | undefined): BusiestSeconds {
    const most = (counter: keyof BusiestSeconds) => this.#sums.of(counter).most();
    const inStopSecond =
      stop === undefined ? 0 : this.#sums.of('publishesOut').at(Math.floor(stop.at / 1_000)) + stop.slices;
    return {
      publishesIn: most('publishesIn'),
      publishesOut: Math.max(most('publishesOut'), inStopSecond),
      ruleEvaluations: most('ruleEvaluations'),
      connections: most('connections'),
    };
  }
}

/** By second, messages that a subscription can match: in results of earlier versions, which count no kind by second, all of them if any can be. */
function matchedOf(
  group: GroupPlan,
  sent: readonly number[],
  streams: SliceResult['streams'],
): readonly number[] {
  const kinds = kindsOf(group);
  const matched = kinds.filter((kind) => !isBasicIngest(kind));
  if (matched.length === kinds.length) return sent;
  const seconds = new Uint32Array(matched.length === 0 ? 0 : sent.length);
  for (const { stream } of matched) {
    const perSecond = streams[stream]?.counts?.perSecond;
    if (perSecond === undefined) return sent;
    addBuckets(seconds, perSecond.sent);
  }
  return Array.from(seconds);
}
