import type { JsonValue } from '../../profile/load-profile.ts';
import type { NetworkForm } from '../../profile/network-presets.ts';
import type { Disconnect, Failover } from '../../profile/planned-action.ts';
import type { ControlMessage } from '../control-message.ts';
import type { SearchStep } from '../search/judged-hold.ts';

/** A change of a run while it goes on. */
export interface LiveAction {
  /** Epoch milliseconds at which it takes effect. */
  readonly at: number;
  /** Absent: all device groups. */
  readonly group?: string;
  readonly action: ActionData;
  /** Of an action that a capacity search issued: which of its steps it belongs to. Slices do not read it. */
  readonly step?: SearchStep;
}

/** An action in the form in which it is stored and announced. */
export interface ActionData {
  readonly kind: string;
  readonly [setting: string]: JsonValue;
}

/**
 * Stored as `runs/{runId}/actions/{k}.json` before it is announced, so that every slice, and the ledger afterwards, derive the
 * same from the plan and its actions.
 */
export interface StoredAction extends LiveAction {
  readonly version: 1;
  readonly runId: string;
  /** 0, 1, 2 … in the order in which they were stored, without a gap. */
  readonly k: number;
}

/** What arrives on the control topic: a stored action, or without `k` one that was never stored. */
export interface Announcement extends LiveAction {
  readonly k?: number;
}

/** An action that changes the load, as a slice takes it into account. */
export interface LearnedAction extends Announcement {
  /** Epoch milliseconds: from then on an earlier leg of the slice has it in its schedule. Absent: none has recorded it. */
  readonly tookEffectAt?: number;
}

/** Most actions of a run; readers stop there. */
export const maxActions = 10_000;

/** One kind of action. The rest of the code uses only this interface. */
export interface ActionKind<Settings = unknown> {
  readonly kind: string;
  readonly takesEffect: TimeOfEffect;
  /** Announced even if it cannot be stored: slices then record it themselves. */
  readonly isAnnouncedUnstored: boolean;
  /** Undefined: the data is no valid action of this kind, and slices ignore it. */
  parse(data: ActionData): Settings | undefined;
  /**
   * Computes all that can be computed before the action's instant: at that instant all slices of a machine want its processors.
   * @returns carries it out
   */
  prepare(slice: SliceControls, settings: Settings, announced: LearnedAction): CarryOut;
}

/**
 * The call may come later than the instant that the action says.
 * @returns when it took effect, epoch milliseconds; undefined: with the call
 */
export type CarryOut = () => number | undefined;

/**
 * `at once`: where it is received. `at its instant`: by then every slice has received it. `ahead`: a slice takes it into account where it
 * is received, whichever group it is for, because it changes what is intended from its instant on.
 */
export type TimeOfEffect = 'at once' | 'at its instant' | 'ahead';

/** What an action may do to a slice. */
export interface SliceControls {
  stop(message: ControlMessage): void;
  /** @param at epoch milliseconds, as the action says @returns carries it out */
  prepareDisconnect(disconnect: Disconnect, at: number): () => void;
  /** @param at epoch milliseconds, as the action says @returns carries it out */
  prepareFailover(failover: Failover, at: number): () => void;
  /** @param at epoch milliseconds, as the action says @returns carries it out */
  prepareNetwork(network: NetworkForm, at: number): () => void;
  /** @returns when it takes effect, epoch milliseconds: at its instant, unless messages after that were due already */
  changeLoad(action: LearnedAction): number;
}

/**
 * Stores an action under the first number that is free, even against others who store at the same time.
 * @param from a number that was free, or taken, a moment ago; all below it are taken
 * @param putIfNew false: the number is taken
 */
export async function storeNumbered(
  from: number,
  putIfNew: (k: number) => Promise<boolean>,
): Promise<number> {
  for (let k = from; k < maxActions; k++) if (await putIfNew(k)) return k;
  throw new RangeError(`the run has ${maxActions} actions, and can take no more`);
}

/** The form on the control topic. */
export function formatAnnouncement(announcement: Announcement | StoredAction): string {
  return JSON.stringify(announcement);
}

/**
 * Undefined for anything that is no action: a stray payload must not change a run. An action that was not stored may also be
 * written by hand, as `{"command":"stop","reason":"…"}`.
 * @param receivedAt epoch milliseconds; is used as the instant where a message written by hand names none
 */
export function parseAnnouncement(text: string, receivedAt: number): Announcement | undefined {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(message)) return undefined;
  const { command, at, k, group, action } = message;
  if (typeof command === 'string') {
    const { command: _, at: __, ...settings } = message as Record<string, JsonValue>;
    return { at: typeof at === 'number' ? at : receivedAt, action: { ...settings, kind: command } };
  }
  if (typeof at !== 'number' || !isRecord(action) || typeof action.kind !== 'string') return undefined;
  return {
    ...(Number.isSafeInteger(k) ? { k: k as number } : {}),
    at,
    ...(typeof group === 'string' ? { group } : {}),
    action: action as ActionData,
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
