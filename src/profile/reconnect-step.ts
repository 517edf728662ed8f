import type { NoRate } from './rate-step.ts';

/** How many devices a second end their connections and connect again, one after the other. */
export interface ReconnectChange {
  /** At least 0: none does. */
  readonly reconnectsPerSecond: number;
}

/** Reconnects of a group's devices from an instant, counted from the beginning of publishing, until the next step. */
export interface ReconnectStep extends ReconnectChange {
  readonly atMs: number;
}

/** Far above what an account grants: only to catch slips of the keyboard. */
export const mostReconnectsPerSecond = 1_000_000;

/** Connects a second as users write them. */
export function parseReconnects(given: string): ReconnectChange | NoRate {
  const change = reconnectChangeOf({
    perSecond: /^\s*\d+(\.\d+)?\s*$/.test(given) ? Number(given) : undefined,
  });
  if (change !== undefined) return change;
  return { message: `is no number of connects a second: ${given}`, hint: 'give a number, such as 50' };
}

/** Of a stored or announced action. Undefined: it is none. */
export function reconnectChangeOf({
  perSecond,
}: {
  readonly [setting: string]: unknown;
}): ReconnectChange | undefined {
  const isRate = typeof perSecond === 'number' && perSecond >= 0 && perSecond <= mostReconnectsPerSecond;
  return isRate ? { reconnectsPerSecond: perSecond } : undefined;
}
