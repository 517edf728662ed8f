import type { RunStore } from '../aws/run-store.ts';
import type { ActionKind, Announcement, LiveAction, SliceControls } from '../plan/actions/action.ts';
import type { CancelTimer, Clock } from '../shared/clock.ts';

export interface FollowSettings {
  readonly runId: string;
  /** Of the slice's devices; undefined: the plan has no groups. */
  readonly group?: string | undefined;
  readonly kinds: readonly ActionKind[];
  /** Actions of the plan, which are never announced. */
  readonly planned?: readonly LiveAction[];
  readonly controls: SliceControls;
  /** Called once with each action that was issued, whichever group it is for. */
  readonly onIssued?: (action: Announcement) => void;
  readonly store: Pick<RunStore, 'actions'>;
  readonly clock: Clock;
}

export interface FollowedActions {
  /** An action that was announced. One with a gap before its number makes the slice read what it has missed. */
  received(announcement: Announcement): void;
  /** Reads the actions that were stored before; resolves also where the store cannot be read, because announcements still come. */
  readStored(): Promise<void>;
  /** Cancels what has not taken effect yet. */
  close(): void;
}

/** Carries out each of a run's actions once, at its instant, whether it was announced or read from the run store. */
export function followActions(settings: FollowSettings): FollowedActions {
  const { runId, group, kinds, planned = [], controls, store, clock } = settings;
  const known = new Set<number>();
  const timers = new Set<CancelTimer>();
  let isClosed = false;
  let reading: Promise<void> | undefined;
  /** An action was missed after the reading had begun. */
  let mustReadAgain = false;

  const carryOut = ({ at, group: ofGroup, action }: Announcement): void => {
    if (isClosed || (ofGroup !== undefined && ofGroup !== group)) return;
    const kind = kinds.find((each) => each.kind === action.kind);
    const parsed = kind?.parse(action);
    if (kind === undefined || parsed === undefined) return;
    const waitMs = kind.isImmediate ? 0 : at - clock.now();
    if (waitMs <= 0) {
      kind.apply(controls, parsed, at);
      return;
    }
    const cancel = clock.setTimer(waitMs, () => {
      timers.delete(cancel);
      kind.apply(controls, parsed, at);
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
  for (const action of planned) carryOut(action);

  return {
    received(announcement) {
      const { k = 0 } = announcement;
      take(announcement);
      if (firstUnknown(known) >= k) return;
      mustReadAgain = reading !== undefined;
      void readStored();
    },
    readStored,
    close() {
      isClosed = true;
      for (const cancel of timers) cancel();
    },
  };
}

function firstUnknown(known: ReadonlySet<number>): number {
  let k = 0;
  while (known.has(k)) k++;
  return k;
}
