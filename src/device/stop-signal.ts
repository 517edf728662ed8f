/** An `AbortSignal`, or what behaves like one. */
export interface StopSignal {
  readonly aborted: boolean;
  /** In words, where it is a string or an error. */
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Why it was aborted, in words. */
export function describeStop(reason: unknown): string {
  if (reason instanceof Error) return reason.message;
  return typeof reason === 'string' ? reason : 'stopped';
}
