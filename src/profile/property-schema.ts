import * as z from 'zod';
import { durationPattern } from '../shared/duration.ts';

const duration = z.string().regex(durationPattern);
/** MQTT's strings have their length in two bytes [MQTT-1.5.4]. */
const mqttString = z.string().max(65_535);

/** How a message is published, beside its topic and its payload. All but `retain` are of MQTT 5. */
export const propertySettings = {
  retain: z
    .boolean()
    .default(false)
    .meta({
      description:
        'Whether messages have the RETAIN flag, so that the broker keeps the last one of each topic. AWS IoT Core meters such a message twice, and takes one a second of a topic and 500 a second of an account.',
      examples: [true],
    }),
  userProperties: z
    .record(mqttString.min(1), mqttString)
    .optional()
    .meta({
      description:
        'MQTT 5 user properties of each message, by name. Values may hold the placeholders {runId}, {deviceId}, {deviceIndex} and {slice}, and templates as in payload. AWS IoT Core takes 8 KB of them.',
      examples: [{ firmware: '2.4.1', trace: '{{uuid}}' }],
    }),
  contentType: mqttString
    .min(1)
    .optional()
    .meta({
      description: 'MQTT 5 content type of each message.',
      examples: ['application/json'],
    }),
  payloadFormat: z
    .enum(['utf8', 'bytes'])
    .optional()
    .meta({
      description: 'MQTT 5 payload format indicator of each message: utf8 is 1, bytes is 0.',
      examples: ['utf8'],
    }),
  messageExpiry: duration.optional().meta({
    description:
      'MQTT 5 message expiry interval, in whole seconds: how long the broker keeps a message for subscribers that are away. AWS IoT Core takes 1s to 7 days.',
    examples: ['5m'],
  }),
  topicAlias: z
    .boolean()
    .default(false)
    .meta({
      description:
        'Whether a device sends each topic once on a connection, and then its MQTT 5 topic alias, as far as the Topic Alias Maximum of the CONNACK goes (AWS IoT Core: 8). Topics past that are sent whole.',
      examples: [true],
    }),
};

/** The message that the broker publishes when a connection ends without a DISCONNECT. */
export const will = z
  .strictObject({
    topic: z
      .string()
      .min(1)
      .meta({
        description:
          'Topic of the will, with the placeholders of publish.topic. Under what the rule or a subscriber of the run reads, wills are counted when they fire.',
        examples: ['{topicRoot}/{runId}/{deviceId}/will'],
      }),
    payload: z
      .json()
      .default({ state: 'lost' })
      .meta({
        description:
          'The will, any JSON, with templates as in publish.payload, which are filled in when the device connects. The field stampede is added by the tester.',
        examples: [{ state: 'lost' }],
      }),
    qos: z
      .literal([0, 1, 2])
      .default(1)
      .meta({ description: 'QoS of the will.', examples: [1] }),
    retain: z
      .boolean()
      .default(false)
      .meta({ description: 'Whether the will is retained.', examples: [false] }),
    delay: duration.optional().meta({
      description:
        'MQTT 5 will delay interval, in whole seconds: a device that is back by then has no will published. It is published when the session ends, at the latest (connect.sessionExpiry).',
      examples: ['10s'],
    }),
  })
  .optional()
  .meta({
    description:
      'A will of each device: published by the broker when the connection ends without a DISCONNECT.',
    examples: [{ topic: '{topicRoot}/{runId}/{deviceId}/will' }],
  });

export const sessionExpiry = duration.optional().meta({
  description:
    'MQTT 5 session expiry interval, in whole seconds: how long the session of a device outlives its connection. 1h with cleanStart false, else 0s. AWS IoT Core takes up to 1 h unless it is raised, at most 7 days.',
  examples: ['1h'],
});
