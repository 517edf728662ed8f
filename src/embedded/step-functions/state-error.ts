import type { Json } from './state-machine-library.ts';

/** Limit of every state's input and output: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
export const maxPayloadBytes = 262_144;

/** A state's failure as Retry and Catch match it: by name. The state machine's engine reads the two flags. */
export class StateError extends Error {
  readonly isRetryable: boolean;
  readonly isCatchable: boolean;

  /** @param options `isTerminal`: not even `States.ALL` matches it */
  constructor(name: string, cause: string, options: { readonly isTerminal?: boolean } = {}) {
    super(cause);
    this.name = name;
    this.isRetryable = options.isTerminal !== true;
    this.isCatchable = options.isTerminal !== true;
  }
}

/** `States.ALL` matches neither this nor `States.Runtime`: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html */
export function dataLimitExceeded(what: string): StateError {
  return new StateError(
    'States.DataLimitExceeded',
    `${what} with a size exceeding the maximum number of bytes service limit.`,
    { isTerminal: true },
  );
}

/**
 * The payload as JSON.
 * @throws StateError `States.DataLimitExceeded`
 */
export function stringifyPayload(payload: Json, what: string): string {
  const json = JSON.stringify(payload);
  if (Buffer.byteLength(json) > maxPayloadBytes) throw dataLimitExceeded(what);
  return json;
}
