import type { LearnedAction } from '../plan/actions/action.ts';
import { withActions } from '../plan/actions/with-actions.ts';
import { type LegTimeline, legSplitOf } from '../plan/legs.ts';
import type { Plan } from '../plan/plan.ts';
import { checkpointEveryMs } from '../plan/poll-intervals.ts';
import { sliceOf } from '../plan/slices.ts';
import type { Clock } from '../shared/clock.ts';
import type { AmendableStreams } from './amendable-streams.ts';
import type { Behaviour } from './behaviours/behaviour.ts';

export interface RateChangeSettings {
  readonly clock: Clock;
  readonly plan: Plan;
  readonly slice: number;
  /** Of the slice: its neighbours derive the same schedule. */
  readonly leg: Pick<LegTimeline, 'takesOver' | 'letsGo'>;
  readonly streams: AmendableStreams;
  /** What follows the load. */
  readonly followers: readonly Pick<Behaviour, 'amended' | 'dueUntil'>[];
}

/** A late step begins so long after the last message that was due before the slice learned of it, milliseconds. */
const afterLastMs = 0.001;

/** For storing a checkpoint and for reading it. */
const storedWithinMs = 5_000;

/**
 * Amends the schedules of a slice when it learns of an action on its load. Nothing that is due before the action's instant changes by it, so
 * that this may happen at any time before. A slice that learns late begins after the last message that was due already. Where another leg
 * may run that cannot know of that, it begins when all devices have moved: at an instant that both legs compute.
 */
export class RateChanges {
  readonly #settings: RateChangeSettings;
  readonly #actions: LearnedAction[] = [];
  /** So long before a handover a leg may begin that has not read what this one recorded last. */
  readonly #unreadMs: number;

  constructor(settings: RateChangeSettings) {
    this.#settings = settings;
    const { plan } = settings;
    this.#unreadMs = legSplitOf(plan).leadMs + checkpointEveryMs(plan) + storedWithinMs;
  }

  /** @returns when it takes effect, epoch milliseconds */
  change(action: LearnedAction): number {
    const { plan, slice, streams, followers } = this.#settings;
    const tookEffectAt = action.tookEffectAt ?? this.#takesEffectAt(action);
    this.#actions.push({ ...action, tookEffectAt });
    // In the order in which they were stored, which is not always the one in which they are received.
    this.#actions.sort((a, b) => (a.k ?? 0) - (b.k ?? 0));
    const amended = sliceOf(withActions(plan, this.#actions), slice);
    streams.amend(amended);
    for (const each of followers) each.amended(amended);
    return tookEffectAt;
  }

  #takesEffectAt({ at }: LearnedAction): number {
    const { clock, followers } = this.#settings;
    const nowMs = clock.now();
    const movedAt = nowMs > at ? this.#movedAt(nowMs) : undefined;
    if (movedAt !== undefined) return movedAt;
    const dueUntil = Math.max(...followers.map((each) => each.dueUntil));
    return dueUntil < at ? at : dueUntil + afterLastMs;
  }

  /** When the handover is over that is near; undefined: none is. */
  #movedAt(nowMs: number): number | undefined {
    const { takesOver, letsGo } = this.#settings.leg;
    if (takesOver !== undefined && nowMs < takesOver.until) return takesOver.until;
    const isNear = letsGo !== undefined && nowMs >= letsGo.from - this.#unreadMs && nowMs < letsGo.until;
    return isNear ? letsGo.until : undefined;
  }
}
