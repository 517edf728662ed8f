import type { RunStore } from '../aws/run-store.ts';
import type { AppliedAction } from '../measure/slice-result.ts';
import type { ActionKind, Announcement, LiveAction, SliceControls } from '../plan/actions/action.ts';
import type { CancelTimer, Clock } from '../shared/clock.ts';

export interface FollowSettings {
  readonly runId: string;
  /** Of the slice's devices; undefined: the plan has no groups. */
  readonly group?: string | undefined;
  readonly kinds: readonly ActionKind[];
  /** Actions of the plan, which are never announced. */
  readonly planned?: readonly LiveAction[];
  /** Epoch milliseconds: before that another leg carried them out. Absent: there was none. */
  readonly from?: number;
  readonly earlier?: EarlierLeg | undefined;
  readonly controls: SliceControls;
  /** Called once with each action that was issued, whichever group it is for. */
  readonly onIssued?: (action: Announcement) => void;
  readonly store: Pick<RunStore, 'actions'>;
  readonly clock: Clock;
}

/** The leg before, as the run store has it when this one begins. */
export interface EarlierLeg {
  /** Epoch milliseconds: of its record. */
  readonly at: number;
  /** What it had carried out by then, or taken into account. */
  readonly actions: readonly AppliedAction[];
  /** Epoch milliseconds: by then its devices have moved. What changes their load and reaches it late takes effect then. */
  readonly movedAt: number;
}

export interface FollowedActions {
  /** An action that was announced. One with a gap before its number makes the slice read what it has missed. */
  received(announcement: Announcement): void;
  /** Reads the actions that were stored before; resolves also where the store cannot be read, because announcements still come. */
  readStored(): Promise<void>;
  /** Cancels what has not taken effect yet: it is not in `applied` either. */
  close(): void;
  /** What the slice has carried out, or taken into account, without stops: its result has those apart. */
  applied(): readonly AppliedAction[];
}

/** Carries out each of a run's actions once, at its instant, whether it was announced or read from the run store. */
export function followActions(settings: FollowSettings): FollowedActions {
  const {
    runId,
    group,
    kinds,
    planned = [],
    from = Number.NEGATIVE_INFINITY,
    earlier,
    controls,
    store,
    clock,
  } = settings;
  const known = new Set<number>();
  const timers = new Set<CancelTimer>();
  let applied: readonly AppliedAction[] = [];
  let isClosed = false;
  let reading: Promise<void> | undefined;
  /** An action was missed after the reading had begun. */
  let mustReadAgain = false;

  const carryOut = (announced: Announcement, planned?: number): void => {
    const { at, group: ofGroup, action, k } = announced;
    const kind = kinds.find((each) => each.kind === action.kind);
    const parsed = kind?.parse(action);
    if (isClosed || kind === undefined || parsed === undefined) return;
    const isOfEarlierLeg = at < from;
    const before = k === undefined ? undefined : effectBefore(earlier, k, at);
    const isLate = before?.isLate ?? (planned === undefined && !isOfEarlierLeg && clock.now() > at);
    const isOwn = ofGroup === undefined || ofGroup === group;
    if (!isOwn && kind.takesEffect !== 'ahead') return;
    const learned = before === undefined ? announced : { ...announced, tookEffectAt: before.at };
    const carryOutNow = kind.prepare(controls, parsed, learned);
    const apply = (): void => {
      // A plan has the rates of its timeline from the beginning.
      const isInPlan = planned !== undefined && kind.takesEffect === 'ahead';
      const tookEffectAt = isInPlan ? at : (carryOutNow() ?? clock.now());
      // A rate is the same for all legs of a slice; all else took effect in the leg before.
      if (isOwn && kind.takesEffect !== 'at once' && (!isOfEarlierLeg || kind.takesEffect === 'ahead'))
        applied = [
          ...applied,
          {
            ...(k === undefined ? {} : { k }),
            ...(planned === undefined ? {} : { planned }),
            at: tookEffectAt,
            ...(isLate && { isLate }),
          },
        ];
    };
    const waitMs = kind.takesEffect === 'at its instant' ? at - clock.now() : 0;
    if (waitMs <= 0) {
      apply();
      return;
    }
    const cancel = clock.setTimer(waitMs, () => {
      timers.delete(cancel);
      apply();
    });
    timers.add(cancel);
  };

  const take = (announcement: Announcement): void => {
    const { k } = announcement;
    if (k !== undefined) {
      if (known.has(k)) return;
      known.add(k);
    }
    carryOut(announcement);
    settings.onIssued?.(announcement);
  };

  const readAll = async (): Promise<void> => {
    do {
      mustReadAgain = false;
      try {
        for await (const action of store.actions(runId, firstUnknown(known))) take(action);
      } catch {
        // What is announced from now on still arrives.
      }
    } while (mustReadAgain && !isClosed);
    reading = undefined;
  };
  const readStored = (): Promise<void> => (reading ??= readAll());
  for (const [i, action] of planned.entries()) carryOut(action, i);

  return {
    received(announcement) {
      const { k = 0 } = announcement;
      take(announcement);
      if (firstUnknown(known) >= k) return;
      mustReadAgain = reading !== undefined;
      void readStored();
    },
    readStored,
    applied: () => applied,
    close() {
      isClosed = true;
      for (const cancel of timers) cancel();
      applied = applied.filter(({ at }) => at <= clock.now());
    },
  };
}

/** Of an action that the leg before has recorded, or should have, had it learned of it in time. */
function effectBefore(
  earlier: EarlierLeg | undefined,
  k: number,
  at: number,
): Pick<AppliedAction, 'at' | 'isLate'> | undefined {
  const recorded = earlier?.actions.find((each) => each.k === k);
  if (recorded !== undefined || earlier === undefined || at > earlier.at) return recorded;
  return { at: earlier.movedAt, isLate: true };
}

function firstUnknown(known: ReadonlySet<number>): number {
  let k = 0;
  while (known.has(k)) k++;
  return k;
}
