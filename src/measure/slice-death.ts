import { type CountsByReason, ReasonCounts } from './reason-counts.ts';

/** What a leg of a slice died of, as the state machine saw it: stored as `runs/{runId}/deaths/{slice}/{leg}.json`. */
export interface SliceDeath {
  readonly slice: number;
  readonly leg: number;
  /** Epoch milliseconds: when this was stored, by the store's clock. */
  readonly at?: number;
  readonly failure: {
    /** `TypeError`, `Runtime.ExitError`, `Sandbox.Timedout`, `Lambda.TooManyRequestsException`, … */
    readonly Error?: string;
    /** Of a function's error, JSON: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html */
    readonly Cause?: string;
  };
}

/** Clocks of the store and of the slices may differ by as much. */
const clockMarginMs = 1_000;

/** These end the waiting for an invocation, and not always the invocation itself. */
const mayLiveOn: readonly string[] = ['States.Timeout', 'States.HeartbeatTimeout', 'Lambda.Unknown'];

/** Epoch milliseconds: when the slice sent nothing any more. Undefined where that is not known. */
export function instantOfDeath({ at, failure }: SliceDeath): number | undefined {
  const isOver = at !== undefined && failure.Error !== undefined && !mayLiveOn.includes(failure.Error);
  return isOver ? at + clockMarginMs : undefined;
}

const maxReasonLength = 200;

/** `TypeError: x is not a function`: the same words for the same cause, so that slices that died of it can be counted. */
export function reasonOfDeath({ failure }: SliceDeath): string {
  const { Error: error = 'no error given', Cause: cause = '' } = failure;
  // Step Functions gives no cause. It waits until the plan's deadline and a little longer.
  if (error === 'States.Timeout') return 'States.Timeout: it had not ended by the deadline of the plan';
  const { errorType, errorMessage } = parseFunctionError(cause) ?? { errorType: error, errorMessage: cause };
  // Each invocation has its own request id.
  const [firstLine = ''] = errorMessage.replace(/^RequestId: \S+ (Error: )?/, '').split('\n');
  const reason = firstLine === '' ? errorType : `${errorType}: ${firstLine}`;
  return reason.length > maxReasonLength ? `${reason.slice(0, maxReasonLength - 1)}…` : reason;
}

/**
 * Legs that never ended, by what they died of.
 * @param legs by slice, then by leg: what each stored last
 */
export function reasonsOfDeaths(
  deaths: ReadonlyMap<number, readonly SliceDeath[]>,
  legs: ReadonlyMap<number, readonly { readonly outcome: string }[]>,
): CountsByReason {
  const reasons = new ReasonCounts();
  for (const death of [...deaths.values()].flat()) {
    const outcome = legs.get(death.slice)?.[death.leg]?.outcome ?? 'running';
    if (outcome === 'running') reasons.add(reasonOfDeath(death));
  }
  return reasons.counts();
}

interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
}

function parseFunctionError(cause: string): FunctionError | undefined {
  try {
    const parsed = JSON.parse(cause) as Partial<FunctionError> | null;
    const { errorType, errorMessage } = parsed ?? {};
    return typeof errorType === 'string' && typeof errorMessage === 'string'
      ? { errorType, errorMessage }
      : undefined;
  } catch {
    return undefined;
  }
}
