import type { Control } from '../aws/control.ts';
import type { RunStore } from '../aws/run-store.ts';
import type { ActionKind, Announcement, LiveAction } from '../plan/actions/action.ts';
import { actionKinds } from '../plan/actions/action-kinds.ts';
import { stopAction } from '../plan/actions/stop.ts';
import type { ControlMessage } from '../plan/control-message.ts';

/** Who requests it, why and when. */
export type StopRequest = Omit<ControlMessage, 'command'>;

/** The only way to change a run while it goes on. */
export interface RunControl {
  /** Stores actions in their order and then announces the last: the gap before its number makes slices read the others. */
  issue(runId: string, ...actions: readonly LiveAction[]): Promise<void>;
  /** The same of a stop. */
  requestStop(runId: string, request: StopRequest): Promise<void>;
  /** Removes the announcement, so that nothing of the run is left on the endpoint. */
  clear(runId: string): Promise<void>;
}

/** For actions that a run issues by itself: each has to be issued once, though what issues them may fail and try again. */
export interface RepeatableControl {
  /**
   * Issues actions that depend on all those before them.
   * @param k number of the first
   * @returns false: another action has that number, and none of these was stored
   */
  issueNext(runId: string, k: number, ...actions: readonly LiveAction[]): Promise<boolean>;
  /** Announces the last action that is stored, unless it is announced: what stored it may have failed before that. */
  announceStored(runId: string): Promise<void>;
}

type StoredAnnouncement = Announcement & { readonly k: number };

interface RunControlParts {
  readonly store: Pick<RunStore, 'putAction' | 'putActionAt' | 'actions'>;
  readonly control: Pick<Control, 'announce' | 'read' | 'clear'>;
  /** Replaces every announcement so far. */
  readonly kinds?: readonly ActionKind[];
}

export function makeRunControl({
  store,
  control,
  kinds = actionKinds,
}: RunControlParts): RunControl & RepeatableControl {
  /** The last action that is stored, which others may have issued. */
  const readLatest = async (runId: string, known: StoredAnnouncement): Promise<StoredAnnouncement> => {
    let latest = known;
    try {
      for await (const later of store.actions(runId, known.k + 1)) latest = later;
    } catch {
      // A slice that starts later reads the run store by itself.
    }
    return latest;
  };
  /** A topic takes one retained message a second, and others may announce at the same time: a later action of theirs makes slices read this one too. */
  const announceOne = async (runId: string, action: StoredAnnouncement): Promise<void> => {
    try {
      await control.announce(runId, action);
    } catch (error) {
      const kept = await control.read(runId).catch(() => undefined);
      if (kept?.k === undefined || kept.k < action.k) throw error;
    }
  };
  const announce = async (runId: string, stored: StoredAnnouncement): Promise<void> => {
    let latest = await readLatest(runId, stored);
    for (let announced = -1; announced < latest.k; ) {
      await announceOne(runId, latest);
      announced = latest.k;
      // The topic keeps one message: that of the last action has to be the one that stays.
      latest = await readLatest(runId, latest);
    }
  };
  const issue = async (runId: string, ...actions: readonly LiveAction[]): Promise<void> => {
    let last: StoredAnnouncement | undefined;
    for (const action of actions) {
      try {
        last = await store.putAction(runId, action);
      } catch (error) {
        const kind = kinds.find((each) => each.kind === action.action.kind);
        if (kind?.isAnnouncedUnstored !== true) throw error;
        await control.announce(runId, action);
      }
    }
    if (last !== undefined) await announce(runId, last);
  };
  return {
    issue,
    async issueNext(runId, k, ...[first, ...others]) {
      if (first === undefined) return true;
      let last = await store.putActionAt(runId, k, first);
      if (last === undefined) return false;
      for (const action of others) last = await store.putAction(runId, action);
      await announce(runId, last);
      return true;
    },
    async announceStored(runId) {
      let last: StoredAnnouncement | undefined;
      for await (const action of store.actions(runId)) last = action;
      const announced = await control.read(runId);
      if (last !== undefined && (announced?.k ?? -1) < last.k) await announce(runId, last);
    },
    requestStop: (runId, { at, ...stop }) => issue(runId, { at, action: stopAction(stop) }),
    clear: (runId) => control.clear(runId),
  };
}
