import { formatDuration, parseDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import { formatPlural } from '../shared/format.ts';
import { type JsonObject, valueAt } from '../shared/json-path.ts';
import type { LoadProfile } from './load-profile.ts';
import { mqttPublishSettings } from './mqtt-settings.ts';
import { leastUserPropertyBytes } from './payload-size.ts';
import { parsePayloadTemplate } from './payload-template.ts';
import type { TargetLimits } from './target-limits.ts';
import { parseText } from './text-template.ts';
import { checkTopicTemplate } from './topic-template.ts';

interface Judged {
  readonly profile: LoadProfile;
  /** As the user wrote it. */
  readonly input: JsonObject;
  readonly limits: TargetLimits;
}

/** [MQTT-3.1.2.11], [MQTT-3.3.2.3] Four bytes, seconds. */
const mostSeconds = 0xffff_ffff;

/** Settings that MQTT 3.1.1 does not have. */
const ofMqtt5 = [
  'publish.userProperties',
  'publish.contentType',
  'publish.payloadFormat',
  'publish.messageExpiry',
  'publish.topicAlias',
  'connect.will.delay',
  'connect.sessionExpiry',
];

/** Errors of properties of messages, wills and sessions. */
export function checkProperties(judged: Judged): InputError[] {
  const { profile, input } = judged;
  const isGiven = (path: string) =>
    ![undefined, false].includes(valueAt(input, path.split('.')) as undefined);
  if (profile.connect.protocol === 'https') {
    const ofMqtt = mqttPublishSettings.map((key) => `publish.${key}`);
    return ofMqtt.filter(isGiven).map((path) => ({
      path,
      message: 'is not sent over HTTP, where a message is its topic, QoS and payload',
      hint: 'remove it, or set connect.protocol to "mqtt"',
    }));
  }
  if (profile.connect.version === '3.1.1') {
    const errors = ofMqtt5.filter(isGiven).map((path) => ({
      path,
      message: 'MQTT 3.1.1 has no such thing',
      hint: 'remove it, or set connect.version to "5"',
    }));
    if (errors.length > 0) return errors;
  }
  return [
    ...checkUserProperties(judged),
    ...checkSeconds(judged, 'publish.messageExpiry', judged.limits.messageExpiryMs),
    ...checkSeconds(judged, 'connect.sessionExpiry', judged.limits.sessionExpiryMs),
    ...checkSeconds(judged, 'connect.will.delay'),
    ...checkTopicAlias(profile),
    ...checkWill(judged),
  ];
}

function checkUserProperties({ profile: { publish }, limits }: Judged): InputError[] {
  const { userProperties = {} } = publish;
  const path = 'publish.userProperties';
  const errors = Object.entries(userProperties).flatMap(
    ([name, value]) => parseText(value, `${path}.${name}`).errors,
  );
  const bytes = leastUserPropertyBytes(userProperties);
  if (bytes <= limits.userPropertiesBytes) return errors;
  return [
    ...errors,
    {
      path,
      message: `come to at least ${bytes} bytes, and ${limits.name} takes ${limits.userPropertiesBytes}`,
      hint: `make them ${formatPlural(bytes - limits.userPropertiesBytes, 'byte')} smaller`,
    },
  ];
}

/** A duration that goes over the wire in whole seconds. */
function checkSeconds(
  { input, limits }: Judged,
  path: string,
  { min, max } = { min: 0, max: Number.POSITIVE_INFINITY },
): InputError[] {
  const given = valueAt(input, path.split('.'));
  const ms = typeof given === 'string' ? parseDuration(given) : undefined;
  if (ms === undefined) return [];
  if (ms % 1_000 !== 0) {
    return [
      {
        path,
        message: `must be whole seconds, not ${given}`,
        hint: `give "${Math.ceil(ms / 1_000)}s": MQTT 5 counts it in seconds`,
      },
    ];
  }
  const most = Math.min(max, mostSeconds * 1_000);
  if (ms >= min && ms <= most) return [];
  const bounds = `${formatDuration(min)} to ${formatDuration(most)}`;
  const whose = Number.isFinite(max) ? limits.name : 'MQTT 5';
  return [
    { path, message: `must be ${bounds}, not ${formatDuration(ms)}`, hint: `${whose} takes ${bounds}` },
  ];
}

function checkTopicAlias({ publish }: LoadProfile): InputError[] {
  if (publish.topicAlias !== true || publish.qos !== 2) return [];
  return [
    {
      path: 'publish.topicAlias',
      message: 'a QoS 2 publish is sent again on the next connection, where its alias means nothing',
      hint: 'remove it, or set publish.qos to 0 or 1',
    },
  ];
}

function checkWill({ profile: { connect, devices }, limits }: Judged): InputError[] {
  const { will } = connect;
  if (will === undefined) return [];
  const { template, errors } = parsePayloadTemplate(will.payload, 'connect.will.payload');
  const isReserved = template.kind === 'object' && template.entries.some(([key]) => key === 'stampede');
  return [
    ...checkTopicTemplate(will.topic, devices, limits).map((error) => ({
      path: 'connect.will.topic',
      ...error,
    })),
    ...errors,
    ...(isReserved
      ? [
          {
            path: 'connect.will.payload.stampede',
            message: 'is a field that Stampede writes itself',
            hint: 'give your field another name',
          },
        ]
      : []),
    ...(connect.client === 'device-sdk' && will.qos === 2
      ? [
          {
            path: 'connect.will.qos',
            message: 'the client device-sdk has no QoS 2',
            hint: 'set connect.client to "dense"',
          },
        ]
      : []),
  ];
}
