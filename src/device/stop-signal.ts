/** An `AbortSignal`, or what behaves like one. */
export interface StopSignal {
  readonly aborted: boolean;
  /** A text, if the reason is a string or an error; or a request to stop. */
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** A stop that someone asked for at an instant, epoch milliseconds: what is due after that is not intended any more. */
export class StopRequest {
  readonly reason: string;
  readonly at: number;

  constructor(reason: string, at: number) {
    this.reason = reason;
    this.at = at;
  }
}

/** The reason of the abort, as text. */
export function describeStop(reason: unknown): string {
  if (reason instanceof StopRequest) return reason.reason;
  if (reason instanceof Error) return reason.message;
  return typeof reason === 'string' ? reason : 'stopped';
}
