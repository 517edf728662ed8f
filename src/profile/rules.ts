import { formatDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import { isObject, type JsonObject } from '../shared/json-path.ts';
import { iotCoreLimits } from './iot-core-limits.ts';
import { loadPaths, peakOf } from './load.ts';
import type { LoadProfile } from './load-profile.ts';
import { envelopeBytes, leastPayloadBytes } from './payload-size.ts';
import { parsePayloadTemplate } from './payload-template.ts';
import { checkMeasured, checkThresholds } from './threshold-rules.ts';
import { checkTopicTemplate, isTopicOfOneDevice } from './topic-template.ts';

/** What one setting means for another, and what AWS IoT Core would make of it. */
interface Rule {
  /** The settings it judges: it is left out where one of them is not even of the right shape. */
  readonly reads: readonly string[];
  readonly check: (profile: LoadProfile, input: JsonObject) => InputError[];
}

export function checkRules(
  profile: LoadProfile,
  input: JsonObject,
  isSound: (path: string) => boolean,
): InputError[] {
  return rules.filter((rule) => rule.reads.every(isSound)).flatMap((rule) => rule.check(profile, input));
}

const rules: readonly Rule[] = [
  durationRule('connect.keepAlive', (profile) => profile.connect.keepAliveMs, {
    ...iotCoreLimits.keepAliveMs,
    why: 'AWS IoT Core treats what is outside as the nearest bound',
  }),
  durationRule('connect.timeout', (profile) => profile.connect.timeoutMs, { min: 1_000, max: 120_000 }),
  durationRule('publish.ackTimeout', (profile) => profile.publish.ackTimeoutMs, { min: 100, max: 120_000 }),
  durationRule('drain', (profile) => profile.drainMs, { min: 0, max: 600_000 }),
  { reads: ['publish.topic'], check: checkTopic },
  { reads: ['publish.payload'], check: checkPayload },
  { reads: ['connect.protocol', 'devices', ...loadPaths], check: checkRatePerDevice },
  { reads: ['connect.protocol'], check: checkHttps },
  { reads: ['connect.protocol', 'echo', 'publish.topic'], check: checkEcho },
  // Those of the wrong shape are not even in the profile.
  { reads: [], check: checkThresholds },
  { reads: ['echo', 'connect.protocol', 'publish.qos'], check: checkMeasured },
];

function durationRule(
  path: string,
  durationOf: (profile: LoadProfile) => number,
  range: { readonly min: number; readonly max: number; readonly why?: string },
): Rule {
  const bounds = `${formatDuration(range.min)} to ${formatDuration(range.max)}`;
  const check = (profile: LoadProfile): InputError[] => {
    const ms = durationOf(profile);
    if (ms >= range.min && ms <= range.max) return [];
    const hint = range.why === undefined ? `give ${bounds}` : `give ${bounds}: ${range.why}`;
    return [{ path, message: `must be ${bounds}, not ${formatDuration(ms)}`, hint }];
  };
  return { reads: [path], check };
}

function checkTopic({ publish, devices }: LoadProfile): InputError[] {
  return checkTopicTemplate(publish.topic, devices).map((fault) => ({ path: 'publish.topic', ...fault }));
}

/** Fields of a message that the tester writes itself. */
const reservedFields = ['stampede', 'padding'];

function checkPayload({ publish }: LoadProfile): InputError[] {
  const { template, faults } = parsePayloadTemplate(publish.payload);
  const entries = template.kind === 'object' ? template.entries : [];
  const reserved = entries
    .filter(([key]) => reservedFields.includes(key))
    .map(([key]) => ({
      path: `publish.payload.${key}`,
      message: 'is a field that Stampede writes itself',
      hint: 'give your field another name',
    }));
  const bytes = leastPayloadBytes(template) + envelopeBytes;
  const tooLarge = {
    path: 'publish.payload',
    message: `comes to at least ${bytes} bytes with its envelope, and AWS IoT Core takes ${iotCoreLimits.payloadBytes} (128 KB)`,
    hint: `make it ${bytes - iotCoreLimits.payloadBytes} bytes smaller`,
  };
  return [...faults, ...reserved, ...(bytes > iotCoreLimits.payloadBytes ? [tooLarge] : [])];
}

function checkRatePerDevice(profile: LoadProfile, input: JsonObject): InputError[] {
  const limit = iotCoreLimits.publishesPerSecondPerConnection;
  const peak = peakOf(profile);
  if (profile.connect.protocol !== 'mqtt' || peak / profile.devices <= limit) return [];
  return [
    {
      path: loadPaths.find((path) => path !== 'duration' && input[path] !== undefined) ?? 'stages',
      message: `${readable(peak)} messages a second are ${readable(peak / profile.devices)} a device, and AWS IoT Core discards what is above ${limit} on a connection`,
      hint: `use at least ${Math.ceil(peak / limit)} devices, or at most ${profile.devices * limit} messages a second`,
    },
  ];
}

function readable(value: number): string {
  return String(Math.round(value * 10) / 10);
}

const onlyMqtt = ['client', 'ratePerSecond', 'keepAlive', 'cleanStart'];

function checkHttps({ connect }: LoadProfile, input: JsonObject): InputError[] {
  if (connect.protocol !== 'https' || !isObject(input.connect)) return [];
  const given = input.connect;
  return onlyMqtt
    .filter((key) => given[key] !== undefined)
    .map((key) => ({
      path: `connect.${key}`,
      message: 'has no meaning over https, where no device keeps a connection',
      hint: 'remove it, or set connect.protocol to "mqtt"',
    }));
}

function checkEcho({ echo, connect, publish }: LoadProfile): InputError[] {
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
