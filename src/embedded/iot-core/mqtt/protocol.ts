import type { ConnectRefusal } from '../../../profile/service-faults.ts';

/** Control packet types: the first four bits of a packet (2.1.2). */
export const packetTypes = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
} as const;

/** MQTT 3.1.1 calls itself 4. */
export type MqttVersion = 4 | 5;
export type QoS = 0 | 1;

/**
 * The MQTT 5 reason codes that AWS IoT Core answers with.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt5-reason-codes
 */
export const reasonCodes = {
  success: 0x00,
  noSubscriptionExisted: 0x11,
  unspecifiedError: 0x80,
  malformedPacket: 0x81,
  protocolError: 0x82,
  clientIdentifierNotValid: 0x85,
  notAuthorized: 0x87,
  serverShuttingDown: 0x8b,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  receiveMaximumExceeded: 0x93,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  quotaExceeded: 0x97,
  qosNotSupported: 0x9b,
  subscriptionIdentifiersNotSupported: 0xa1,
} as const;

export type ReasonCode = (typeof reasonCodes)[keyof typeof reasonCodes];

/** CONNACK return codes of MQTT 3.1.1 (3.2.2.3). */
export const returnCodes = {
  accepted: 0,
  unacceptableProtocolVersion: 1,
  identifierRejected: 2,
  serverUnavailable: 3,
  /** AWS's own. @see https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt-differences */
  notAuthorized: 7,
} as const;

/**
 * An error of a client that ends its connection: MQTT 5 gets a DISCONNECT with the reason code, MQTT 3.1.1 is just
 * closed [MQTT-4.13.1-1].
 */
export class ProtocolViolation extends Error {
  readonly reasonCode: ReasonCode;

  constructor(reasonCode: ReasonCode, message: string) {
    super(message);
    this.name = 'ProtocolViolation';
    this.reasonCode = reasonCode;
  }
}

export function malformed(message: string): ProtocolViolation {
  return new ProtocolViolation(reasonCodes.malformedPacket, message);
}

export function protocolError(message: string): ProtocolViolation {
  return new ProtocolViolation(reasonCodes.protocolError, message);
}

/** Bytes of a whole packet. 146 KB: https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits */
export const maxPacketBytes = 149_504;
/** Topic aliases a client may set: https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt5-topic-alias */
export const topicAliasMaximum = 8;
/**
 * The longest a session outlives its connection, seconds: AWS's default, and what MQTT 3.1.1 gets for cleanSession 0.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt-persistent-sessions
 */
export const maxSessionExpirySeconds = 3_600;

/** Codes of a refused CONNECT: MQTT 3.1.1's return code, MQTT 5's reason code. */
export const connectRefusals: Readonly<
  Record<ConnectRefusal, { readonly returnCode: number; readonly reasonCode: number }>
> = {
  serverUnavailable: { returnCode: returnCodes.serverUnavailable, reasonCode: 0x88 },
  serverBusy: { returnCode: returnCodes.serverUnavailable, reasonCode: 0x89 },
  quotaExceeded: { returnCode: returnCodes.serverUnavailable, reasonCode: reasonCodes.quotaExceeded },
  notAuthorized: { returnCode: returnCodes.notAuthorized, reasonCode: reasonCodes.notAuthorized },
};
