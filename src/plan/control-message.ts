/** Retained on the run's control topic: a slice that starts late still finds it. */
export interface ControlMessage {
  readonly command: 'stop';
  /** Who asked for it and why, in words. */
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The run's own state machine: by a threshold, or because too many slices failed. Absent: somebody outside. */
  readonly by?: 'run';
  /** Of a run that a threshold ended (`abortOnFail`). */
  readonly threshold?: FailedThreshold;
}

/** What the threshold was, and what was measured when it failed. */
export interface FailedThreshold {
  readonly metric: string;
  readonly expression: string;
  readonly actual: number;
}

/**
 * Undefined for anything that is not a control message: a stray payload must not stop a run.
 * @param receivedAt epoch milliseconds; stands for the instant where the message names none, as one written by hand
 */
export function parseControlMessage(text: string, receivedAt: number): ControlMessage | undefined {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof message !== 'object' || message === null) return undefined;
  const { command, reason, at, by, threshold } = message as Record<string, unknown>;
  if (command !== 'stop') return undefined;
  return {
    command,
    reason: typeof reason === 'string' ? reason : 'stopped by a control message',
    at: typeof at === 'number' ? at : receivedAt,
    ...(by === 'run' ? { by } : {}),
    ...(isFailedThreshold(threshold) ? { threshold } : {}),
  };
}

function isFailedThreshold(value: unknown): value is FailedThreshold {
  if (typeof value !== 'object' || value === null) return false;
  const { metric, expression, actual } = value as Record<string, unknown>;
  return typeof metric === 'string' && typeof expression === 'string' && typeof actual === 'number';
}
