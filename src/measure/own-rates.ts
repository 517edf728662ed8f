import { groupOfSlice } from '../plan/groups.ts';
import type { LoadAction } from '../plan/load-actions/load-action.ts';
import type { Plan } from '../plan/plan.ts';
import { type Stream, streamsOf } from '../plan/streams.ts';
import { sumBy, sumOf } from '../shared/counts.ts';
import type { SliceResult } from './slice-result.ts';

/** Slices in which actions on rates took effect at other instants than their own: what these intended follows from their own records. */
export class OwnRates {
  /** With what is known of such slices so far: their schedules are to be computed once their results are in. */
  readonly plan: Plan;
  readonly #asPlanned: Plan;
  readonly #bySlice = new Map<number, readonly LoadAction[]>();

  constructor(plan: Plan) {
    this.#asPlanned = plan;
    this.plan = plan.loadActions === undefined ? plan : { ...plan, ownLoadActions: this.#bySlice };
  }

  addSlice(result: Pick<SliceResult, 'slice' | 'at' | 'outcome' | 'actions'>): void {
    const own = ownLoadActionsOf(this.#asPlanned, result);
    if (own !== undefined) this.#bySlice.set(result.slice, own);
  }

  /** The streams of a slice that learned of every action in time. */
  plannedStreams(slice: number): readonly Stream[] {
    return streamsOf(this.#asPlanned, slice);
  }

  /** By stream: messages that such a slice had to send beyond those that are planned. */
  moreThanPlanned(slice: number): number[] {
    if (!this.#bySlice.has(slice)) return [];
    const planned = this.plannedStreams(slice);
    return streamsOf(this.plan, slice).map(({ messages }, i) => messages - planned[i]!.messages);
  }

  /** Whether an action had not the effect that the plan says in a part of this time. Epoch milliseconds. */
  deviates(slice: number, from: number, until: number): boolean {
    const { publishAt } = this.plan.timeline;
    return (this.#bySlice.get(slice) ?? []).some(
      ({ atMs, fromMs = atMs }) =>
        fromMs !== atMs &&
        publishAt + Math.min(atMs, fromMs) < until &&
        publishAt + Math.max(atMs, fromMs) > from,
    );
  }

  moreOfAll(): number {
    return sumBy([...this.#bySlice.keys()], (slice) => sumOf(this.moreThanPlanned(slice)));
  }
}

/**
 * The actions on rates as a slice took them into account, by its own record. One that has ended and does not name an action never learned
 * of it; one that runs, or died, may have.
 * @returns undefined: as the plan has them
 */
function ownLoadActionsOf(
  plan: Plan,
  { slice, at: recordedAt, outcome, actions = [] }: Pick<SliceResult, 'slice' | 'at' | 'outcome' | 'actions'>,
): readonly LoadAction[] | undefined {
  const { loadActions, timeline } = plan;
  if (loadActions === undefined) return undefined;
  const { publishAt } = timeline;
  const { group } = groupOfSlice(plan, slice);
  const tookEffectAt = new Map(actions.map(({ k, at }) => [k, at]));
  const hasEnded = outcome === 'completed' || outcome === 'stopped';
  const mustName = (action: LoadAction) => hasEnded && publishAt + action.atMs < recordedAt;
  let deviates = false;
  const own = loadActions.map((action): LoadAction => {
    if (action.group !== undefined && action.group !== group) return action;
    const at = tookEffectAt.get(action.k);
    const unnamed = mustName(action) ? Number.POSITIVE_INFINITY : action.atMs;
    const fromMs = at === undefined ? unnamed : at - publishAt;
    if (fromMs === action.atMs) return action;
    deviates = true;
    return { ...action, fromMs };
  });
  return deviates ? own : undefined;
}
