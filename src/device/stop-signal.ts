/** An `AbortSignal`, or what behaves like one. */
export interface StopSignal {
  readonly aborted: boolean;
  /** A text, if the reason is a string or an error. */
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** The reason of the abort, as text. */
export function describeStop(reason: unknown): string {
  if (reason instanceof Error) return reason.message;
  return typeof reason === 'string' ? reason : 'stopped';
}
