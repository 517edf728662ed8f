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

interface RunControlParts {
  readonly store: Pick<RunStore, 'putAction' | 'actions'>;
  readonly control: Pick<Control, 'announce' | 'clear'>;
  /** Replaces every announcement so far. */
  readonly kinds?: readonly ActionKind[];
}

export function makeRunControl({ store, control, kinds = actionKinds }: RunControlParts): RunControl {
  const announce = async (runId: string, stored: Announcement & { readonly k: number }): Promise<void> => {
    let latest = stored;
    for (let announced = -1; announced < latest.k; ) {
      await control.announce(runId, latest);
      announced = latest.k;
      // The topic keeps one message, and others may announce at the same time: the last action has to be the one that stays.
      try {
        for await (const later of store.actions(runId, latest.k + 1)) latest = later;
      } catch {
        // It is announced. A slice that starts later reads the run store by itself.
      }
    }
  };
  const issue = async (runId: string, ...actions: readonly LiveAction[]): Promise<void> => {
    let last: (Announcement & { readonly k: number }) | undefined;
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
    requestStop: (runId, { at, ...stop }) => issue(runId, { at, action: stopAction(stop) }),
    clear: (runId) => control.clear(runId),
  };
}
