/**
 * What AWS IoT Core allows a message and a connection: the same in every Region and not adjustable, so that a profile
 * past one of them is wrong wherever it runs. The adjustable quotas of an account are in `quotas.ts`.
 * @see https://docs.aws.amazon.com/general/latest/gr/iot-core.html
 */
export const iotCoreLimits = {
  /** 128 KB: larger publishes are refused. */
  payloadBytes: 131_072,
  /** UTF-8 bytes of a topic. */
  topicBytes: 256,
  /** At most 7 forward slashes, that is 8 levels. */
  topicSlashes: 7,
  clientIdBytes: 128,
  /** Publishes a second on one connection, each way; the excess is discarded. */
  publishesPerSecondPerConnection: 100,
  /** Bytes a second on one connection; the excess is delayed. 512 KB. */
  bytesPerSecondPerConnection: 524_288,
  /** QoS 1 publishes of one client without their PUBACK. */
  unacknowledgedPerClient: 100,
  /** A keep-alive below is treated as 30 s, 0 or one above as 1,200 s. */
  keepAliveMs: { min: 30_000, max: 1_200_000 },
  subscriptionsPerConnection: 50,
  /** Topic filters of one SUBSCRIBE. */
  subscriptionsPerSubscribe: 8,
  /** UTF-8 bytes of all user properties of one MQTT 5 packet, names and values. 8 KB. */
  userPropertiesBytes: 8_192,
  /** What is outside is treated as the nearest bound: 1 s to 7 days. @see https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt5 */
  messageExpiryMs: { min: 1_000, max: 604_800_000 },
  /** An hour unless it is raised, which it can be to 7 days: the CONNACK says what a client got. */
  maxSessionExpiryMs: 604_800_000,
  /** Stored messages that a client of a persistent session is sent a second once it is connected again. */
  storedMessagesPerSecond: 10,
  /** Topic aliases that a client may set on a connection. */
  topicAliases: 8,
} as const;
