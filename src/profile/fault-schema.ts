import * as z from 'zod';
import { type InputError, InvalidInputError } from '../shared/errors.ts';
import { formatPath, valueAt } from '../shared/json-path.ts';
import { suggestFrom } from '../shared/nearest.ts';
import { connectRefusalNames, type FaultSettings, type ServiceFaultChange } from './service-faults.ts';
import { settingHint, shownAs } from './setting-words.ts';

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
  z.strictObject({ exponential: z.strictObject({ meanMs: milliseconds }) }),
]);
const delayHint =
  'milliseconds, or one of {"uniform":{"minMs","maxMs"}}, {"normal":{"meanMs","deviationMs"}}, ' +
  '{"lognormal":{"medianMs","p99Ms"}}, {"exponential":{"meanMs"}}';

const maxServers = 10_000;
const serviceTime = z.union([
  z.literal(0),
  z.strictObject({
    servers: z.int().min(1).max(maxServers),
    timeMs: delay,
    queueLimit: z.int().min(0).exactOptional(),
  }),
]);

/** Settings whose values are not plain: what an error says of each. */
const wordingOf: Readonly<Record<string, { readonly message: string; readonly hint: string }>> = {
  deliveryDelay: { message: 'is no delay', hint: delayHint },
  ackDelay: { message: 'is no delay', hint: delayHint },
  outboundDelay: { message: 'is no delay', hint: delayHint },
  serviceTime: {
    message: 'is no service',
    hint: `0, or {"servers":1–${maxServers},"timeMs":…,"queueLimit":…}, the limit optional; timeMs is ${delayHint}`,
  },
};

function described<Schema extends z.ZodType>(schema: Schema, example: unknown, description: string): Schema {
  return schema.meta({ description, examples: [example as never] });
}

const settingsShape = {
  seed: described(
    z.int().min(0),
    7,
    'Seed of the faults: the same seed has the same effect on the same messages.',
  ),
  dropDeliveries: described(
    share,
    0.01,
    'Share (0–1) of messages that vanish between the rule and its queue, after their PUBACK.',
  ),
  duplicateDeliveries: described(share, 0.01, 'Share (0–1) of the rule’s deliveries that come twice.'),
  deliveryDelay: described(
    delay,
    200,
    'Delay between the rule and its queue, milliseconds or a distribution, drawn for each message.',
  ),
  serviceTime: described(
    serviceTime,
    { servers: 4, timeMs: 10 },
    'A service behind the rule that serves so many messages at once, each for a time in milliseconds or a distribution; the rest waits in order. With queueLimit, only so many wait; 0 is no service.',
  ),
  queueHoldMs: described(
    z.number().min(0).max(longestQueueHoldMs),
    2_000,
    'How long Lambda waits for a full batch, milliseconds.',
  ),
  dropAcks: described(share, 0.1, 'Share (0–1) of accepted QoS 1 publishes whose PUBACK is never sent.'),
  ackDelay: described(
    delay,
    200,
    'Delay of PUBACKs and of answers over HTTP, milliseconds or a distribution.',
  ),
  outboundDelay: described(
    delay,
    200,
    'Delay of messages to clients, milliseconds or a distribution; each client gets them in order.',
  ),
  disconnectPerMinute: described(
    share,
    0.5,
    'Share (0–1) of the connections that are ended in each minute, spread over its seconds.',
  ),
  refuseConnects: described(share, 0.5, 'Share (0–1) of CONNECTs that are refused.'),
  refuseWith: described(
    z.enum(connectRefusalNames),
    'serverBusy',
    `The reason code that answers a refused CONNECT: ${connectRefusalNames.join(', ')}.`,
  ),
  clients: described(
    z.string(),
    'stampede-',
    'Disconnects and refusals affect only clients whose id begins with this; empty: all, control channels included.',
  ),
};

const eventsShape = {
  pauseMs: described(
    milliseconds,
    3_000,
    'For this long, milliseconds, the service neither reads nor answers nor delivers.',
  ),
  disconnect: described(share, 0.2, 'Share (0–1) of the connections that are ended at once.'),
};

/** What can change while the service runs, by its name. */
export const faultChangeShape = { ...settingsShape, ...eventsShape };

const startShape = {
  ...settingsShape,
  clockOffsetMs: described(
    z.int().min(-maxClockOffsetMs).max(maxClockOffsetMs),
    50,
    `Milliseconds by which the clock of the service is ahead, from -${maxClockOffsetMs} to ${maxClockOffsetMs}.`,
  ),
};
const startSchema = z.strictObject(startShape).partial();
const adminSchema = z.strictObject({ ...startShape, ...eventsShape }).partial();
export const faultChangeSchema = z.strictObject(faultChangeShape).partial();

/**
 * The injected faults from the start.
 * @param input parsed JSON: any of the settings
 * @throws InvalidInputError with every error
 */
export function parseFaultSettings(input: unknown): Partial<FaultSettings> {
  return withoutUndefined(parse(startSchema, input));
}

/**
 * A change of the injected faults as an action makes it.
 * @param input parsed JSON: any of the names of `faultChangeShape`
 * @throws InvalidInputError with every error
 */
export function parseServiceFaultChange(input: unknown): ServiceFaultChange {
  return withoutUndefined(parse(faultChangeSchema, input));
}

/**
 * @param input parsed JSON: any of the settings, `pauseMs`, `disconnect`; what it leaves out stays
 * @throws InvalidInputError with every error
 */
export function parseFaultChange(input: unknown, current: FaultSettings): FaultChange {
  const { pauseMs = 0, disconnect = 0, ...changed } = parse(adminSchema, input);
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
  throw new InvalidInputError(
    'The description of faults',
    result.error.issues.flatMap((issue) => errorsOf(issue, schema.shape, input)),
  );
}

function errorsOf(issue: z.core.$ZodIssue, shape: z.ZodRawShape, input: unknown): InputError[] {
  const path = formatPath(issue.path);
  const group = String(issue.path[0] ?? '');
  const wording = wordingOf[group];
  if (wording !== undefined) return [{ path, ...wording }];
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(shape);
    return issue.keys.map((key) => ({
      path: key,
      message: 'is not known',
      hint: suggestFrom(key, known, 'known'),
    }));
  }
  if (path === '') return [{ path: 'faults', message: issue.message }];
  const { innerType } = (shape[group] as z.ZodOptional).def;
  return [
    {
      path,
      message: `cannot be ${shownAs(valueAt(input, issue.path))}`,
      hint: settingHint((innerType as z.ZodType).meta()),
    },
  ];
}

function withoutUndefined<Values extends object>(
  values: Values,
): { [Key in keyof Values]: NonNullable<Values[Key]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Values]: NonNullable<Values[Key]>;
  };
}
