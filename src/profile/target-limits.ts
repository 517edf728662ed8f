/** What a target allows a message and a connection, so that a profile past it is wrong wherever it runs. Infinity: no limit. */
export interface TargetLimits {
  /** As errors name the target: `AWS IoT Core`. */
  readonly name: string;
  /** Of a publish. */
  readonly payloadBytes: number;
  /** UTF-8 bytes of a topic, and the slashes in it. */
  readonly topicBytes: number;
  readonly topicSlashes: number;
  /** What is outside is treated as the nearest bound. */
  readonly keepAliveMs: { readonly min: number; readonly max: number };
  /** On one connection; the excess is discarded. */
  readonly publishesPerSecondPerConnection: number;
  /** QoS 1 publishes of one client without their PUBACK. */
  readonly unacknowledgedPerClient: number;
  /** UTF-8 bytes of the names and values of a message's user properties. */
  readonly userPropertiesBytes: number;
  readonly messageExpiryMs: { readonly min: number; readonly max: number };
  readonly sessionExpiryMs: { readonly min: number; readonly max: number };
  /** Names of the service's own counts that a threshold may judge (`cloudwatch.…`); undefined: any. */
  readonly serviceMetrics: readonly string[] | undefined;
}

/** Of MQTT itself, and of no service. */
export const noTargetLimits: TargetLimits = {
  name: 'the target',
  payloadBytes: Number.POSITIVE_INFINITY,
  topicBytes: Number.POSITIVE_INFINITY,
  topicSlashes: Number.POSITIVE_INFINITY,
  keepAliveMs: { min: 0, max: Number.POSITIVE_INFINITY },
  publishesPerSecondPerConnection: Number.POSITIVE_INFINITY,
  unacknowledgedPerClient: Number.POSITIVE_INFINITY,
  userPropertiesBytes: Number.POSITIVE_INFINITY,
  // [MQTT-3.3.2-5] A message that is to expire at once reaches no one.
  messageExpiryMs: { min: 1_000, max: Number.POSITIVE_INFINITY },
  sessionExpiryMs: { min: 0, max: Number.POSITIVE_INFINITY },
  serviceMetrics: undefined,
};
