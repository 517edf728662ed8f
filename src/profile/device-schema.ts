import * as z from 'zod';
import { durationPattern, formatDuration } from '../shared/duration.ts';
import { defaultBackoff, jitters } from './backoff.ts';
import { credentials } from './credential-schema.ts';
import { bareEncodings } from './encoding.ts';
import { propertySettings, sessionExpiry, will } from './property-schema.ts';
import { sizeForm } from './size-schema.ts';

/** MQTT's packet identifiers [MQTT-2.2.1]. */
const maxPacketIdentifiers = 65_535;

/** Of a .proto file: profiles travel through state payloads of 256 KB. */
const maxProtoCharacters = 65_536;

export const duration = z.string().regex(durationPattern);
export const share = z.number().min(0).max(1);
export const ratePerSecond = z.number().min(0).max(10_000_000);

const backoff = z
  .strictObject({
    base: duration.default(formatDuration(defaultBackoff.baseMs)).meta({
      description:
        'How long a device waits after a loss, from 10ms to 1h. The wait doubles with each failure in a row.',
      examples: ['1s'],
    }),
    cap: duration.default(formatDuration(defaultBackoff.capMs)).meta({
      description: 'The longest wait, from base to 24h.',
      examples: ['30s'],
    }),
    jitter: z
      .enum(jitters)
      .default(defaultBackoff.jitter)
      .meta({
        description:
          'How chance spreads a wait: full takes anything from 0 to it, equal takes half of it and anything from 0 to the other half, none takes exactly it.',
        examples: ['full'],
      }),
  })
  .optional()
  .meta({
    description:
      'How long a device waits before it connects again: base, doubled with each failure in a row up to cap, spread by jitter. At AWS IoT Core a device connects at most once a second, whatever is set here.',
    examples: [{ base: '1s', cap: '30s', jitter: 'full' }],
  });

/** How devices connect. */
export const connect = z
  .strictObject({
    protocol: z.enum(['mqtt', 'https']).default('mqtt').meta({
      description:
        'How devices publish. Over mqtt each keeps one connection; over https each message is a request of its own, and connect.client, ratePerSecond, keepAlive and cleanStart have no meaning.',
    }),
    client: z.enum(['device-sdk', 'dense']).default('dense').meta({
      description:
        "Which MQTT client a device is. dense is Stampede's own, with many devices on a core; device-sdk is aws-iot-device-sdk-v2, what real fleets run, at about three times the CPU.",
    }),
    version: z.enum(['3.1.1', '5']).optional().meta({
      description:
        'Version of MQTT, 5 unless set. 3.1.1 has no reason codes: a publish that is refused gets no answer, or the connection is closed. device-sdk has only 5.',
    }),
    auth: z.enum(['sigv4', 'x509', 'password', 'custom', 'none']).optional().meta({
      description:
        'How devices authenticate. Unless set: at the IoT Core of the account by what its endpoint offers first, which is sigv4 on AWS and none on embedded AWS; at a target of the profile by the credentials that are given, else none.',
    }),
    ...credentials,
    ratePerSecond: z
      .number()
      .positive()
      .max(1_000_000)
      .default(400)
      .meta({
        description:
          'New connections a second over the whole run. AWS IoT Core allows an account 100, 500 or 3,000, by Region, unless raised; the default is 80% of 500.',
        examples: [400],
      }),
    keepAlive: duration.default('5m').meta({
      description:
        'Keep-alive of a connection, from 30s to 20m. The connection is dropped at 1.5 times this.',
      examples: ['5m'],
    }),
    cleanStart: z.boolean().default(true).meta({
      description: 'Whether a device begins without the session it left behind.',
    }),
    sessionExpiry,
    identity: z
      .enum(['run', 'stable'])
      .default('run')
      .meta({
        description:
          'Client ids of devices: of the run (run: stampede-{runId}-d7), or the same in every run of a profile with this name (stable: stampede-{name}-d7), so that a device finds the session that it left in an earlier run. Two runs at once with stable ids disconnect each other’s devices.',
        examples: ['stable'],
      }),
    will,
    timeout: duration.default('10s').meta({
      description: 'How long a device waits for its CONNACK, from 1s to 2m. After that it tries again.',
      examples: ['10s'],
    }),
    backoff,
  })
  .prefault({})
  .meta({ description: 'How devices connect.', examples: [{ protocol: 'mqtt', client: 'dense' }] });

export const publishSettings = {
  topic: z
    .string()
    .min(1)
    .default('{topicRoot}/{runId}/{deviceId}/telemetry')
    .meta({
      description:
        'Topic of a device, under what the IoT rule reads. Placeholders: {topicRoot} (what the stack reads: stampede/dev in a rehearsal and in stage dev), {runId}, {deviceId}, {deviceIndex}, {slice}. At most 256 bytes and 7 slashes once they are filled in.',
      examples: ['{topicRoot}/{runId}/{deviceId}/telemetry'],
    }),
  basicIngest: z
    .boolean()
    .default(false)
    .meta({
      description:
        'Whether messages go straight to the rule of the stack by Basic Ingest: $aws/rules/RULE/ is put before the topic, where RULE is the name of that rule. AWS charges no messaging for them, and no client can subscribe to them.',
      examples: [true],
    }),
  qos: z
    .literal([0, 1, 2])
    .default(1)
    .meta({
      description:
        'MQTT quality of service: 0, 1, or 2 towards a broker that has it. AWS IoT Core has no 2, and neither has device-sdk. At 1 and 2 each publish is acknowledged, and its round trip measured.',
      examples: [1],
    }),
  payload: z
    .json()
    .default({ temperature: '{{gaussian(21, 2)}}', humidity: '{{random(30, 60)}}' })
    .meta({
      description:
        "The message, any JSON; strings may hold templates. A string that is one whole template becomes a value of the function's type. Functions: {{deviceId}} {{deviceIndex}} {{n}} {{sequence}} {{now}} {{uuid}} {{random(min, max[, decimals])}} {{gaussian(mean, sd[, decimals])}} {{choice('a', 'b', …)}} {{perDevice('a', 'b', …)}} {{perMessage('a', 'b', …)}} {{csv('column')}} {{sine(min, max, periodSeconds)}} {{walk(start, step[, min, max])}} {{randomBytes(n)}}. The fields stampede and padding are added by the tester; a payload that is no object becomes the field value.",
      examples: [{ temperature: '{{gaussian(21, 2)}}', state: "{{choice('on', 'off')}}" }],
    }),
  encoding: z
    .union([
      z.enum(['json', ...bareEncodings]),
      z.strictObject({
        protobuf: z
          .strictObject({
            file: z.string().optional().meta({ description: 'Path of a .proto file, from the profile.' }),
            schema: z
              .string()
              .max(maxProtoCharacters)
              .optional()
              .meta({ description: 'The text of the .proto file, where the profile holds it itself.' }),
            message: z
              .string()
              .meta({ description: 'Full name of a message in it, such as meters.v1.Reading.' }),
          })
          .optional()
          .meta({
            description: 'A message of Protocol Buffers.',
            examples: [{ file: 'reading.proto', message: 'Reading' }],
          }),
        module: z
          .strictObject({
            file: z.string().min(1).meta({
              description:
                'Path of a JavaScript module: from the profile in a rehearsal, from /opt, where Lambda layers are, on AWS.',
            }),
            function: z
              .string()
              .min(1)
              .optional()
              .meta({ description: 'Name of the function that it exports; its default export unless set.' }),
          })
          .optional()
          .meta({
            description: 'A function of your own, which makes the payload.',
            examples: [{ file: './payload.mjs', function: 'reading' }],
          }),
      }),
    ])
    .default('json')
    .meta({
      description:
        'How the payload is written: json, plain-json, text, bytes, cbor, sparkplug-b, {"protobuf": {…}} or {"module": {…}}. json adds the fields stampede and padding to it. The others write the payload alone (docs/payloads.md): plain-json any JSON value, text a string, bytes a string of hexadecimal digits and templates, cbor the same values as JSON (RFC 8949), sparkplug-b an object whose values become metrics, {"protobuf": {"file": "reading.proto", "message": "Reading"}} an object with the fields of that message, {"module": {"file": "./payload.mjs"}} what a function of your own makes of it. Their envelope travels as the MQTT 5 user property stampede, or as a line before the payload where there are none.',
      examples: ['cbor'],
    }),
  csv: z
    .strictObject({ devices: z.string().optional(), values: z.string().optional() })
    .optional()
    .meta({
      description:
        "Paths of CSV files, from the profile, whose columns stand in payloads as {{csv('column')}}: devices has a row for each device, values a row for each message of a device; after the last row the first again. The command line puts them into the payload.",
      examples: [{ devices: 'devices.csv' }],
    }),
  sizeBytes: sizeForm.default(0).meta({
    description:
      'Size a message is padded up to, in bytes; AWS IoT Core takes at most 131072 (128 KB). 0 adds nothing; a message that is larger already stays as it is. Messages that differ in size: a range such as 200..800, {"normal": {"mean": 500, "sd": 100}} or {"exponential": 2000}. Same seed, same sizes.',
    examples: [512],
  }),
  ...propertySettings,
  ackTimeout: duration.default('5s').meta({
    description:
      'How long a QoS 1 or 2 publish, or a request over https, waits for its answer, from 100ms to 2m. Without one it counts as unacknowledged; a throttled publish gets none.',
    examples: ['5s'],
  }),
  maxUnacknowledged: z
    .int()
    .min(1)
    .max(maxPacketIdentifiers)
    .default(100)
    .meta({
      description:
        'QoS 1 and 2 publishes that one device may have in flight. AWS IoT Core allows 100; the ones above wait, and are dropped after ackTimeout.',
      examples: [100],
    }),
};

/** What devices publish. */
export const publish = z
  .strictObject(publishSettings)
  .prefault({})
  .meta({ description: 'What devices publish.', examples: [{ qos: 1, sizeBytes: 512 }] });
