import { checkRuleRecord, parseRuleRecord, readEnvelope } from './rule-record.ts';
import type { StreamId } from './stream-key.ts';

/** A message that a queue for failures holds: whose it is, and why it is there. */
export interface DeadLetter extends StreamId {
  readonly run: string;
  readonly n: number;
  readonly reason: string;
}

export const reasonOfGivenUp = 'dead-letter queue: measure-latency failed with them';
/** Of a stream's batch, which measure-latency may have failed with before, or never have been started for. */
export const reasonOfTooOldBatch = 'dead-letter queue: measure-latency was not done with them in time';
const reasonOfTooOld = 'dead-letter queue: Lambda could not start measure-latency for them in time';

/**
 * The body of a message in the reader's dead-letter queue (the rule's record, as it was) or in the rule's error queue.
 * @returns undefined for what is not Stampede's
 */
export function parseDeadLetter(body: string): DeadLetter | undefined {
  const record = parseRuleRecord(body);
  if (typeof record !== 'string') {
    const { run, slice, stream, n } = record;
    return { run, slice, stream, n, reason: reasonOfGivenUp };
  }
  try {
    const message = JSON.parse(body) as ErrorActionMessage | FailedEvent;
    return 'requestPayload' in message ? fromFailedEvent(message) : fromErrorAction(message);
  } catch {
    return undefined;
  }
}

/**
 * The message as its device published it, base64, beside what failed.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html#rule-error-message-format
 */
function fromErrorAction(message: ErrorActionMessage): DeadLetter | undefined {
  // Of a message whose envelope is a user property, nothing says whose it is.
  const envelope = readEnvelope(Buffer.from(message.base64OriginalPayload, 'base64'));
  if (typeof envelope === 'string') return undefined;
  const { run, slice, stream, n } = envelope;
  return { run, slice, stream, n, reason: `rule’s error queue: ${describeFailure(message)}` };
}

/**
 * An asynchronous invocation that failed, with its event: of `subscriber: direct` the rule's record.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
interface FailedEvent {
  readonly requestPayload: unknown;
  /** `EventAgeExceeded`: Lambda could not start the function in time. */
  readonly requestContext?: { readonly condition?: string };
}

function fromFailedEvent({ requestPayload, requestContext }: FailedEvent): DeadLetter | undefined {
  const record = checkRuleRecord(requestPayload);
  if (typeof record === 'string') return undefined;
  const { run, slice, stream, n } = record;
  const isTooOld = requestContext?.condition === 'EventAgeExceeded';
  return { run, slice, stream, n, reason: isTooOld ? reasonOfTooOld : reasonOfGivenUp };
}

interface ErrorActionMessage {
  readonly base64OriginalPayload: string;
  readonly failures?: readonly { readonly failedAction?: string; readonly errorMessage?: string }[];
}

/** A few words of the first failure: its message holds a request id, and would make a reason of every message. */
function describeFailure({ failures }: ErrorActionMessage): string {
  const { failedAction = 'an action', errorMessage = '' } = failures?.[0] ?? {};
  const code =
    /Error Code: ([\w.]+)/.exec(errorMessage)?.[1] ?? /\b\w+(?:Exception|Error)\b/.exec(errorMessage)?.[0];
  return `${failedAction} failed${code === undefined ? '' : ` (${code})`}`;
}
