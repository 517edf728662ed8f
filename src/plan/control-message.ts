/** Retained on the run's control topic: a slice that starts late still finds it. */
export interface ControlMessage {
  readonly command: 'stop';
  /** Who asked for it and why, in words. */
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Undefined for anything that is not a control message: a stray payload must not stop a run. */
export function parseControlMessage(text: string): ControlMessage | undefined {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof message !== 'object' || message === null) return undefined;
  const { command, reason, at } = message as Record<string, unknown>;
  if (command !== 'stop') return undefined;
  return {
    command,
    reason: typeof reason === 'string' ? reason : 'stopped by a control message',
    at: typeof at === 'number' ? at : Number.NaN,
  };
}
