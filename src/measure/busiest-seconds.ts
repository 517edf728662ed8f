import { deviceGroupsOf } from '../plan/groups.ts';
import { isBasicIngest, kindsOf } from '../plan/kinds.ts';
import { isReadByRule } from '../plan/observers.ts';
import type { GroupPlan, Plan } from '../plan/plan.ts';
import { SecondSums } from './second-sums.ts';
import type { SliceSecondCounts } from './slice-result.ts';

/** What the service had to do for a run, each in the second in which that was most. */
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
  /** By number of a group: how often the rule evaluates each of its messages, and how often it matches one as a subscription does. */
  readonly #rules: ReadonlyMap<number, { readonly evaluations: number; readonly matches: number }>;

  /** @param span epoch milliseconds: what lies outside is not counted */
  constructor(plan: Plan, span: { readonly from: number; readonly to: number }) {
    this.#sums = new SecondSums(['publishesIn', 'publishesOut', 'ruleEvaluations', 'connections'], span);
    const evaluations = isReadByRule(plan) ? 1 : 0;
    this.#rules = new Map(
      deviceGroupsOf(plan).map((group) => {
        // Messages are not counted by kind and second: of a group with Basic Ingest beside other kinds it is an upper bound.
        const matches = kindsOf(group).every(isBasicIngest) ? 0 : evaluations;
        return [group.number, { evaluations, matches }];
      }),
    );
  }

  addSlice({ number, profile }: GroupPlan, counts: SliceSecondCounts): void {
    const { startSecond, sent, connected, replied = [], echoed = [], delivered = echoed } = counts;
    this.#sums.add('publishesIn', startSecond, sent);
    this.#sums.add('publishesIn', startSecond, replied);
    this.#sums.add('publishesOut', startSecond, delivered);
    const rule = this.#rules.get(number);
    if (rule !== undefined) {
      this.#sums.add('ruleEvaluations', startSecond, sent, rule.evaluations);
      this.#sums.add('publishesOut', startSecond, sent, rule.matches);
    }
    if (profile.connect.protocol === 'mqtt') this.#sums.add('connections', startSecond, connected);
  }

  /** Messages that came to slices that subscribe. */
  addSubscribed(startSecond: number, arrivals: readonly number[]): void {
    this.#sums.add('publishesOut', startSecond, arrivals);
  }

  /** @param stop when the run was stopped, and how many slices received that; undefined: it was not */
  busiest(stop: Announcement | undefined): BusiestSeconds {
    const stopSecond = stop && Math.floor(stop.at / 1_000) - this.#sums.startSecond;
    const most = (counter: keyof BusiestSeconds) => {
      const received = counter === 'publishesOut' ? (stop?.slices ?? 0) : 0;
      return this.#sums
        .of(counter)
        .reduce((highest, sum, i) => Math.max(highest, i === stopSecond ? sum + received : sum), 0);
    };
    return {
      publishesIn: most('publishesIn'),
      publishesOut: most('publishesOut'),
      ruleEvaluations: most('ruleEvaluations'),
      connections: most('connections'),
    };
  }
}
