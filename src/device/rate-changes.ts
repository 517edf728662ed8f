import type { Announcement } from '../plan/actions/action.ts';
import { type AmendingAction, withActions } from '../plan/actions/with-actions.ts';
import type { Plan } from '../plan/plan.ts';
import { sliceOf } from '../plan/slices.ts';
import type { AmendableStreams } from './amendable-streams.ts';
import type { Behaviour } from './behaviours/behaviour.ts';

export interface RateChangeSettings {
  readonly plan: Plan;
  readonly slice: number;
  readonly streams: AmendableStreams;
  /** What follows the load. */
  readonly followers: readonly Pick<Behaviour, 'amended' | 'dueUntil'>[];
}

/** A late step begins so long after the last message that was due before the slice learned of it, milliseconds. */
const afterLastMs = 0.001;

/**
 * Amends the schedules of a slice when it learns of an action on its load. Nothing that is due before the action's instant changes by it, so
 * that this may happen at any time before. A slice that learns late begins after the last message that was due already.
 */
export class RateChanges {
  readonly #settings: RateChangeSettings;
  readonly #actions: (Announcement & AmendingAction)[] = [];

  constructor(settings: RateChangeSettings) {
    this.#settings = settings;
  }

  /** @returns when it takes effect, epoch milliseconds */
  change(action: Announcement): number {
    const { plan, slice, streams, followers } = this.#settings;
    const dueUntil = Math.max(...followers.map((each) => each.dueUntil));
    const tookEffectAt = dueUntil < action.at ? action.at : dueUntil + afterLastMs;
    this.#actions.push({ ...action, tookEffectAt });
    // In the order in which they were stored, which is not always the one in which they are received.
    this.#actions.sort((a, b) => (a.k ?? 0) - (b.k ?? 0));
    const amended = sliceOf(withActions(plan, this.#actions), slice);
    streams.amend(amended);
    for (const each of followers) each.amended(amended);
    return tookEffectAt;
  }
}
