import * as z from 'zod';
import { type InputError, InvalidInputError } from '../../shared/errors.ts';
import { formatPath } from '../../shared/json-path.ts';
import { suggestFrom } from '../../shared/nearest.ts';
import type { Delay } from './delay.ts';
import { reasonCodes, returnCodes } from './mqtt/protocol.ts';

/** Codes of a refused CONNECT: MQTT 3.1.1's return code, MQTT 5's reason code. */
export const connectRefusals = {
  serverUnavailable: { returnCode: returnCodes.serverUnavailable, reasonCode: 0x88 },
  serverBusy: { returnCode: returnCodes.serverUnavailable, reasonCode: 0x89 },
  quotaExceeded: { returnCode: returnCodes.serverUnavailable, reasonCode: reasonCodes.quotaExceeded },
  notAuthorized: { returnCode: returnCodes.notAuthorized, reasonCode: reasonCodes.notAuthorized },
} as const;

export type ConnectRefusal = keyof typeof connectRefusals;

/** Faults on the service's side. The same seed does the same to the same sequence of messages. */
export interface FaultSettings {
  readonly seed: number;
  /** Share (0–1) of messages that vanish between the rule and its queue, after their PUBACK. */
  readonly dropDeliveries: number;
  /** Share (0–1) of the rule's deliveries that come twice, as standard queues may deliver. */
  readonly duplicateDeliveries: number;
  /** Between the rule and its queue, each message on its own: they may overtake each other. */
  readonly deliveryDelay: Delay;
  /** How long Lambda waits for the queue to fill a batch, whatever the batching window, milliseconds: AWS, up to 20,000. */
  readonly queueHoldMs: number;
  /** Share (0–1) of accepted QoS 1 publishes whose PUBACK is never sent. */
  readonly dropAcks: number;
  /** Of PUBACKs, in their order on each connection [MQTT-4.6.0-2], and of answers over HTTP. */
  readonly ackDelay: Delay;
  /** Share (0–1) of the connections that are ended in each minute, spread over its seconds. */
  readonly disconnectPerMinute: number;
  /** Share (0–1) of CONNECTs that are refused. */
  readonly refuseConnects: number;
  readonly refuseWith: ConnectRefusal;
  /** Disconnects and refusals touch only clients whose id begins so; empty: all, control channels included. */
  readonly clients: string;
  /** From the start on: the service's clock, its stamps with it, is ahead of the machine's by so much; negative: behind. */
  readonly clockOffsetMs: number;
}

export const noFaults: FaultSettings = {
  seed: 1,
  dropDeliveries: 0,
  duplicateDeliveries: 0,
  deliveryDelay: 0,
  queueHoldMs: 0,
  dropAcks: 0,
  ackDelay: 0,
  disconnectPerMinute: 0,
  refuseConnects: 0,
  refuseWith: 'serverUnavailable',
  clients: '',
  clockOffsetMs: 0,
};

/** A change of the injected faults as it comes over HTTP: any of the settings, and what happens at once. */
export interface FaultChange {
  readonly settings: FaultSettings;
  /** The service stands still for that long. */
  readonly pauseMs: number;
  /** Share (0–1) of the connections that are ended now. */
  readonly disconnect: number;
}

const longestMs = 3_600_000;
const milliseconds = z.number().min(0).max(longestMs);
/** Far more than clocks that are kept together are apart. */
const maxClockOffsetMs = 1_000;
/** @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const longestQueueHoldMs = 20_000;
const share = z.number().min(0).max(1);

const delay = z.union([
  milliseconds,
  z.strictObject({
    uniform: z
      .strictObject({ minMs: milliseconds, maxMs: milliseconds })
      .refine(({ minMs, maxMs }) => minMs <= maxMs, 'has minMs above maxMs'),
  }),
  z.strictObject({ normal: z.strictObject({ meanMs: milliseconds, deviationMs: milliseconds }) }),
  z.strictObject({
    lognormal: z
      .strictObject({ medianMs: milliseconds.positive(), p99Ms: milliseconds })
      .refine(({ medianMs, p99Ms }) => medianMs <= p99Ms, 'has medianMs above p99Ms'),
  }),
]);
const delayHint =
  'milliseconds, or one of {"uniform":{"minMs","maxMs"}}, {"normal":{"meanMs","deviationMs"}}, ' +
  '{"lognormal":{"medianMs","p99Ms"}}';

const settingsShape = {
  seed: z.int().min(0),
  dropDeliveries: share,
  duplicateDeliveries: share,
  deliveryDelay: delay,
  queueHoldMs: z.number().min(0).max(longestQueueHoldMs),
  dropAcks: share,
  ackDelay: delay,
  disconnectPerMinute: share,
  refuseConnects: share,
  refuseWith: z.enum(Object.keys(connectRefusals) as [ConnectRefusal, ...ConnectRefusal[]]),
  clients: z.string(),
  clockOffsetMs: z.int().min(-maxClockOffsetMs).max(maxClockOffsetMs),
};

const settingsSchema = z.strictObject(settingsShape).partial();
const changeSchema = z.strictObject({ ...settingsShape, pauseMs: milliseconds, disconnect: share }).partial();

/**
 * The injected faults from the start.
 * @param input parsed JSON: any of the settings
 * @throws InvalidInputError with every fault
 */
export function parseFaultSettings(input: unknown): Partial<FaultSettings> {
  return withoutUndefined(parse(settingsSchema, input));
}

/**
 * @param input parsed JSON: any of the settings, `pauseMs`, `disconnect`; what it leaves out stays
 * @throws InvalidInputError with every fault
 */
export function parseFaultChange(input: unknown, current: FaultSettings): FaultChange {
  const { pauseMs = 0, disconnect = 0, ...changed } = parse(changeSchema, input);
  // A clock that jumps would be another fault: quotas and batching windows count by it.
  if ((changed.clockOffsetMs ?? current.clockOffsetMs) !== current.clockOffsetMs) {
    const problem = {
      path: 'clockOffsetMs',
      message: 'cannot change while the service runs',
      hint: 'start the service with it',
    };
    throw new InvalidInputError('The description of faults', [problem]);
  }
  return { settings: { ...current, ...withoutUndefined(changed) }, pauseMs, disconnect };
}

function parse<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>, input: unknown) {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const known = Object.keys(schema.shape);
  throw new InvalidInputError(
    'The description of faults',
    result.error.issues.flatMap((issue) => errorsOf(issue, known)),
  );
}

function errorsOf(issue: z.core.$ZodIssue, known: readonly string[]): InputError[] {
  const path = formatPath(issue.path);
  const group = String(issue.path[0] ?? '');
  if (group === 'deliveryDelay' || group === 'ackDelay') {
    return [{ path, message: 'is no delay', hint: delayHint }];
  }
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: key,
      message: 'is not known',
      hint: suggestFrom(key, known, 'known'),
    }));
  }
  return [{ path: path === '' ? 'faults' : path, message: issue.message }];
}

function withoutUndefined<Values extends object>(
  values: Values,
): { [Key in keyof Values]: NonNullable<Values[Key]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Values]: NonNullable<Values[Key]>;
  };
}
