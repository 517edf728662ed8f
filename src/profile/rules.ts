import { formatDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import { formatPlural } from '../shared/format.ts';
import { isObject, type JsonObject, valueAt } from '../shared/json-path.ts';
import { checkBackoff } from './backoff.ts';
import { checkBasicIngest } from './basic-ingest.ts';
import { checkCommandSettings } from './command-settings.ts';
import { checkCredentials } from './credential-rules.ts';
import { checkCsv, checkEncoding, checkEncodingKind, checkModulePayload } from './encoding-rules.ts';
import { checkHttpSettings } from './http-rules.ts';
import { checkLifecycle, checkLifecycleInput } from './lifecycle-setting.ts';
import type { LoadProfile, Protocol } from './load-profile.ts';
import { excessPerDevice } from './load-shapes/arrival-pattern.ts';
import { loadPaths, loadShapeIn } from './load-shapes/load-shapes.ts';
import { peakOf } from './load-shapes/resolved-load.ts';
import { mqttConnectSettings } from './mqtt-settings.ts';
import { checkNetwork, checkShaped } from './network-rules.ts';
import { parseNetwork } from './network-schema.ts';
import { envelopeBytes, leastPayloadBytes } from './payload-size.ts';
import { parsePayloadTemplate } from './payload-template.ts';
import { checkObserve } from './presence-rules.ts';
import { checkProperties } from './property-rules.ts';
import { checkSizes } from './size-schema.ts';
import type { TargetLimits } from './target-limits.ts';
import { checkMeasured, checkThresholds, type SelectableParts } from './threshold-rules.ts';
import { checkTopicTemplate, isTopicOfOneDevice } from './topic-template.ts';

interface Judged {
  readonly profile: LoadProfile;
  /** As the user wrote it. */
  readonly input: JsonObject;
  readonly limits: TargetLimits;
  /** Over which the target can be loaded. */
  readonly protocols: readonly Protocol[];
  /** Of the whole profile. */
  readonly parts: SelectableParts;
}

/** What one setting means for another, and what the target would make of it. */
interface Rule {
  /** The settings it judges: it is left out where one of them is not even of the right shape. */
  readonly reads: readonly string[];
  readonly check: (judged: Judged) => InputError[];
}

export function checkRules(judged: Judged, isSound: (path: string) => boolean): InputError[] {
  return rules.filter((rule) => rule.reads.every(isSound)).flatMap((rule) => rule.check(judged));
}

const rules: readonly Rule[] = [
  { reads: ['connect.keepAlive'], check: checkKeepAlive },
  {
    reads: ['lifecycle', 'connect.protocol', 'echo'],
    check: ({ profile, input }) => [...checkLifecycleInput(input), ...checkLifecycle(profile)],
  },
  {
    reads: ['from', 'command', 'reply', 'connect.protocol', 'echo', 'lifecycle', 'messages'],
    check: ({ profile, input }) => checkCommandSettings(profile, (name) => input[name] !== undefined),
  },
  { reads: ['observe', 'connect.protocol', ...loadPaths], check: ({ profile }) => checkObserve(profile) },
  {
    reads: ['network', 'connect.protocol', 'connect.client', 'slices.devicesPerSlice'],
    check: ({ profile, input }) => {
      const form = parseNetwork(input.network);
      return form === undefined ? [] : [...checkNetwork(form, 'network'), ...checkShaped(form, profile)];
    },
  },
  { reads: ['connect.backoff'], check: ({ profile }) => checkBackoff(profile.connect.backoff) },
  durationRule('connect.timeout', (profile) => profile.connect.timeoutMs, { min: 1_000, max: 120_000 }),
  durationRule('publish.ackTimeout', (profile) => profile.publish.ackTimeoutMs, { min: 100, max: 120_000 }),
  durationRule('legs.length', ({ legs }) => legs?.lengthMs, { min: 1_000, max: 840_000 }),
  durationRule('legs.overlap', ({ legs }) => legs?.overlapMs, { min: 100, max: 600_000 }),
  durationRule('drain', (profile) => profile.drainMs, { min: 0, max: 600_000 }),
  { reads: ['publish.sizeBytes'], check: checkSize },
  { reads: ['publish.maxUnacknowledged'], check: checkUnacknowledged },
  { reads: ['publish.topic'], check: checkTopic },
  { reads: ['publish.payload', 'publish.encoding'], check: checkPayload },
  {
    reads: ['publish.payload', 'publish.encoding', 'publish.sizeBytes', 'publish.topic', 'echo'],
    check: ({ profile, input }) => {
      const errors = checkEncodingKind(input);
      return errors.length > 0 ? errors : [...checkModulePayload(profile), ...checkEncoding(profile)];
    },
  },
  { reads: ['publish.csv'], check: ({ input }) => checkCsv(input) },
  { reads: ['connect.protocol', 'devices', ...loadPaths], check: checkRatePerDevice },
  { reads: ['connect.protocol'], check: checkHttps },
  { reads: ['connect.protocol', 'idle'], check: checkIdle },
  { reads: ['connect.client', 'connect.version', 'publish.qos'], check: checkClient },
  { reads: ['connect', 'publish'], check: checkProperties },
  { reads: ['connect'], check: ({ profile }) => checkCredentials(profile.connect) },
  { reads: ['connect.protocol', 'echo', 'publish.topic'], check: checkEcho },
  {
    reads: ['publish.basicIngest', 'publish.retain', 'echo', 'observers'],
    check: ({ profile }) => checkBasicIngest(profile),
  },
  {
    reads: ['http', 'publish.payload', 'target', 'slices.devicesPerSlice'],
    check: ({ profile, input }) => checkHttpSettings(profile, input),
  },
  // Those of the wrong shape are not even in the profile.
  {
    reads: [],
    check: ({ profile, input, limits, parts }) =>
      checkThresholds({ profile, input, parts, serviceMetrics: limits.serviceMetrics }),
  },
  {
    reads: ['echo', 'connect.protocol', 'publish.qos'],
    // Of groups and of kinds of message, one that measures it is enough.
    check: ({ profile, parts: { groups, kinds } }) =>
      groups.length + kinds.size > 0 ? [] : checkMeasured(profile),
  },
];

function durationRule(
  path: string,
  durationOf: (profile: LoadProfile) => number | undefined,
  range: DurationRange,
): Rule {
  return {
    reads: [path],
    check({ profile }) {
      const ms = durationOf(profile);
      return ms === undefined ? [] : checkDuration(path, ms, range);
    },
  };
}

interface DurationRange {
  readonly min: number;
  readonly max: number;
  readonly why?: string;
}

function checkDuration(path: string, ms: number, { min, max, why }: DurationRange): InputError[] {
  if (ms >= min && ms <= max) return [];
  const bounds = `${formatDuration(min)} to ${formatDuration(max)}`;
  const hint = why === undefined ? `give ${bounds}` : `give ${bounds}: ${why}`;
  return [{ path, message: `must be ${bounds}, not ${formatDuration(ms)}`, hint }];
}

function checkKeepAlive({ profile, limits: { name, keepAliveMs } }: Judged): InputError[] {
  const why = `${name} treats what is outside as the nearest bound`;
  return checkDuration('connect.keepAlive', profile.connect.keepAliveMs, { ...keepAliveMs, why });
}

function checkSize({ profile: { publish }, input, limits: { payloadBytes } }: Judged): InputError[] {
  const ofSizes = checkSizes(valueAt(input, ['publish', 'sizeBytes']));
  if (ofSizes.length > 0) return ofSizes;
  const hint = `Size a message is padded up to, in bytes, at most ${payloadBytes} (${payloadBytes / 1_024} KB); for example 512`;
  return checkMost('publish.sizeBytes', publish.sizeBytes, payloadBytes, hint);
}

function checkUnacknowledged({
  profile: { publish },
  limits: { name, unacknowledgedPerClient },
}: Judged): InputError[] {
  const hint = `${name} takes ${unacknowledgedPerClient} QoS 1 publishes of one device without their PUBACK`;
  return checkMost('publish.maxUnacknowledged', publish.maxUnacknowledged, unacknowledgedPerClient, hint);
}

function checkMost(path: string, value: number, most: number, hint: string): InputError[] {
  return value <= most ? [] : [{ path, message: `must be at most ${most}, not ${value}`, hint }];
}

function checkTopic({ profile: { publish, devices }, limits }: Judged): InputError[] {
  return checkTopicTemplate(publish.topic, devices, limits).map((error) => ({
    path: 'publish.topic',
    ...error,
  }));
}

/** Fields of a message that the tester writes itself. */
const reservedFields = ['stampede', 'padding'];

function checkPayload({ profile: { publish, http }, limits }: Judged): InputError[] {
  const { template, errors } = parsePayloadTemplate(publish.payload);
  // A request is the payload alone.
  if (http !== undefined) return [...errors];
  const entries = template.kind === 'object' && publish.encoding === undefined ? template.entries : [];
  const reserved = entries
    .filter(([key]) => reservedFields.includes(key))
    .map(([key]) => ({
      path: `publish.payload.${key}`,
      message: 'is a field that Stampede writes itself',
      hint: 'give your field another name',
    }));
  const bytes = leastPayloadBytes(template, publish.encoding) + envelopeBytes;
  const tooLarge = {
    path: 'publish.payload',
    message: `comes to at least ${bytes} bytes with its envelope, and ${limits.name} takes ${limits.payloadBytes} (${limits.payloadBytes / 1_024} KB)`,
    hint: `make it ${formatPlural(bytes - limits.payloadBytes, 'byte')} smaller`,
  };
  return [...errors, ...reserved, ...(bytes > limits.payloadBytes ? [tooLarge] : [])];
}

export function checkRatePerDevice({
  profile,
  input,
  limits,
}: Pick<Judged, 'profile' | 'input' | 'limits'>): InputError[] {
  const limit = limits.publishesPerSecondPerConnection;
  if (profile.connect.protocol !== 'mqtt') return [];
  const peak = peakOf(profile);
  const inBurst = excessPerDevice(profile);
  const busiest = readable(peak / profile.devices + inBurst);
  const discards = `${limits.name} discards what is above ${limit} on a connection`;
  if (inBurst > 0 && peak / profile.devices + inBurst > limit) {
    if (profile.pattern?.kind === 'gaps') {
      const message = `gaps come to ${busiest} messages in the busiest second of one device, and ${discards}`;
      return [{ path: 'everySeconds', message, hint: 'give longer gaps, and more devices' }];
    }
    return [
      {
        path: profile.messages === undefined ? 'burst.spacing' : 'messages',
        message: `bursts come to ${busiest} messages a second of one device, and ${discards}`,
        hint: `give a spacing of at least ${Math.ceil(1_000 / limit)}ms, or a smaller count`,
      },
    ];
  }
  if (peak / profile.devices <= limit) return [];
  return [
    {
      ...(profile.messages === undefined
        ? loadShapeIn(input).slowDown(input, profile, limit)
        : { path: 'messages', hint: 'send fewer messages, or give the group more devices' }),
      message: `${readable(peak)} messages a second are ${readable(peak / profile.devices)} a device, and ${discards}`,
    },
  ];
}

function readable(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function checkHttps({ profile: { connect }, input, protocols }: Judged): InputError[] {
  if (connect.protocol !== 'https' || !isObject(input.connect)) return [];
  const instead = protocols.includes('mqtt') ? ', or set connect.protocol to "mqtt"' : '';
  const given = input.connect;
  return mqttConnectSettings
    .filter((key) => given[key] !== undefined)
    .map((key) => ({
      path: `connect.${key}`,
      message: 'has no meaning over HTTP, where no device keeps a connection',
      hint: `remove it${instead}`,
    }));
}

/** A device without messages is a connection, and over https there is none. */
function checkIdle({ profile: { connect }, input }: Judged): InputError[] {
  if (connect.protocol !== 'https' || input.idle === undefined) return [];
  return [
    {
      path: 'idle',
      message: 'has no meaning over HTTP, where no device keeps a connection',
      hint: 'remove it, and give a load',
    },
  ];
}

/** aws-iot-device-sdk-v2 speaks MQTT 5 here, and has no QoS 2 at all. */
function checkClient({ profile: { connect, publish } }: Judged): InputError[] {
  if (connect.protocol !== 'mqtt' || connect.client !== 'device-sdk') return [];
  const hint = 'set connect.client to "dense"';
  return [
    ...(connect.version === '3.1.1'
      ? [{ path: 'connect.version', message: 'the client device-sdk speaks MQTT 5 only', hint }]
      : []),
    ...(publish.qos === 2
      ? [{ path: 'publish.qos', message: 'the client device-sdk has no QoS 2', hint }]
      : []),
  ];
}

function checkEcho({ profile: { echo, connect, publish } }: Judged): InputError[] {
  if (echo.fraction === 0) return [];
  if (connect.protocol === 'https') {
    return [
      {
        path: 'echo.fraction',
        message: 'devices cannot subscribe over https',
        hint: 'remove echo, or set connect.protocol to "mqtt"',
      },
    ];
  }
  if (isTopicOfOneDevice(publish.topic)) return [];
  return [
    {
      path: 'echo.fraction',
      message: 'devices share a topic, so each echo would receive the messages of all of them',
      hint: 'put {deviceId} into publish.topic',
    },
  ];
}
