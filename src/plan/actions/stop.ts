import type { JsonValue } from '../../profile/load-profile.ts';
import type { ControlMessage, FailedThreshold } from '../control-message.ts';
import { type SearchEnd, searchEnds } from '../search/search-answer.ts';
import type { ActionData, ActionKind, LiveAction } from './action.ts';

/** Why a run ends. What devices did before still counts. */
export type Stop = Omit<ControlMessage, 'command' | 'at'>;

/** Ends all slices at once; `at` is the instant at which the stop was requested. */
export const stopKind: ActionKind<Stop> = {
  kind: 'stop',
  takesEffect: 'at once',
  // A run must be stoppable even where its run store cannot be written: on a full disk, or by a user who may not write there.
  isAnnouncedUnstored: true,
  parse({ reason, by, ended, threshold }) {
    return {
      reason: typeof reason === 'string' ? reason : 'stopped by a control message',
      ...(by === 'run' || by === 'search' ? { by } : {}),
      ...(isSearchEnd(ended) ? { ended } : {}),
      ...(isFailedThreshold(threshold) ? { threshold } : {}),
    };
  },
  prepare(slice, stop, { at }) {
    return () => void slice.stop(controlMessageOf(stop, at));
  },
};

export function stopAction({ reason, by, ended, threshold }: Stop): ActionData {
  return {
    kind: stopKind.kind,
    reason,
    ...(by === undefined ? {} : { by }),
    ...(ended === undefined ? {} : { ended }),
    ...(threshold === undefined ? {} : { threshold: { ...threshold } }),
  };
}

/** Undefined for an action of another kind. */
export function stopOf({ at, action }: LiveAction): ControlMessage | undefined {
  const stop = action.kind === stopKind.kind ? stopKind.parse(action) : undefined;
  return stop && controlMessageOf(stop, at);
}

function controlMessageOf({ reason, by, ended, threshold }: Stop, at: number): ControlMessage {
  return {
    command: 'stop',
    reason,
    at,
    ...(by === undefined ? {} : { by }),
    ...(ended === undefined ? {} : { ended }),
    ...(threshold === undefined ? {} : { threshold }),
  };
}

function isSearchEnd(value: JsonValue | undefined): value is SearchEnd {
  return searchEnds.some((end) => end === value);
}

function isFailedThreshold(value: JsonValue | undefined): value is JsonValue & FailedThreshold {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { metric, expression, actual } = value as Record<string, JsonValue>;
  return typeof metric === 'string' && typeof expression === 'string' && typeof actual === 'number';
}
