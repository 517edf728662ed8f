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
  readonly #bySlice: Record<number, readonly LoadAction[] | undefined> = {};
  readonly #knownOf = new Map<number, KnownActions>();

  constructor(plan: Plan) {
    this.#asPlanned = plan;
    this.plan = plan.loadActions === undefined ? plan : { ...plan, ownLoadActions: this.#bySlice };
  }

  /** @param result of the slice, or of one of its legs */
  addSlice(result: Pick<SliceResult, 'slice' | 'at' | 'outcome' | 'actions'>): void {
    if (this.#asPlanned.loadActions === undefined) return;
    const { slice, outcome, actions = [] } = result;
    const known = this.#knownOf.get(slice) ?? { tookEffectAt: new Map(), endedAt: Number.NEGATIVE_INFINITY };
    this.#knownOf.set(slice, known);
    // Where legs differ, the later instant is of the leg that sends the messages from then on.
    for (const { k, at } of actions)
      if (k !== undefined) known.tookEffectAt.set(k, Math.max(at, known.tookEffectAt.get(k) ?? at));
    if (outcome === 'completed' || outcome === 'stopped') known.endedAt = Math.max(known.endedAt, result.at);
    this.#bySlice[slice] = ownLoadActionsOf(this.#asPlanned, slice, known);
  }

  /** The streams of a slice that learned of every action in time. */
  plannedStreams(slice: number): readonly Stream[] {
    return streamsOf(this.#asPlanned, slice);
  }

  /** By stream: messages that such a slice had to send beyond those that are planned. */
  moreThanPlanned(slice: number): number[] {
    if (this.#bySlice[slice] === undefined) return [];
    const planned = this.plannedStreams(slice);
    return streamsOf(this.plan, slice).map(({ messages }, i) => messages - planned[i]!.messages);
  }

  /** Whether an action had not the effect that the plan says in a part of this time. Epoch milliseconds. */
  deviates(slice: number, from: number, until: number): boolean {
    const { publishAt } = this.plan.timeline;
    return (this.#bySlice[slice] ?? []).some(
      ({ atMs, fromMs = atMs }) =>
        fromMs !== atMs &&
        publishAt + Math.min(atMs, fromMs) < until &&
        publishAt + Math.max(atMs, fromMs) > from,
    );
  }

  moreOfAll(): number {
    return sumBy(Object.keys(this.#bySlice), (slice) => sumOf(this.moreThanPlanned(Number(slice))));
  }
}

/** What the legs of a slice have recorded so far. */
interface KnownActions {
  /** By number of a stored action, epoch milliseconds. */
  readonly tookEffectAt: Map<number, number>;
  /** Epoch milliseconds: a leg has ended by itself then. */
  endedAt: number;
}

/**
 * The actions on rates as a slice took them into account, by its own record. One that has ended and does not name an action never learned
 * of it; one that runs, or died, may have.
 * @returns undefined: as the plan has them
 */
function ownLoadActionsOf(
  plan: Plan,
  slice: number,
  { tookEffectAt, endedAt }: KnownActions,
): readonly LoadAction[] | undefined {
  const { loadActions = [], timeline } = plan;
  const { publishAt } = timeline;
  const { group } = groupOfSlice(plan, slice);
  let deviates = false;
  const own = loadActions.map((action): LoadAction => {
    if (action.group !== undefined && action.group !== group) return action;
    const at = action.k === undefined ? undefined : tookEffectAt.get(action.k);
    const unnamed = publishAt + action.atMs < endedAt ? Number.POSITIVE_INFINITY : action.atMs;
    const fromMs = at === undefined ? unnamed : at - publishAt;
    if (fromMs === action.atMs) return action;
    deviates = true;
    return { ...action, fromMs };
  });
  return deviates ? own : undefined;
}
