/**
 * MQTT 5 reason codes of failures, named as the specification names them (2.4), in one word for counters.
 * @see https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901031
 */
const mqtt5Reasons: Readonly<Record<number, string>> = {
  4: 'DisconnectWithWill',
  128: 'UnspecifiedError',
  129: 'MalformedPacket',
  130: 'ProtocolError',
  131: 'ImplementationSpecificError',
  132: 'UnsupportedProtocolVersion',
  133: 'ClientIdentifierNotValid',
  134: 'BadUserNameOrPassword',
  135: 'NotAuthorized',
  136: 'ServerUnavailable',
  137: 'ServerBusy',
  138: 'Banned',
  139: 'ServerShuttingDown',
  140: 'BadAuthenticationMethod',
  141: 'KeepAliveTimeout',
  142: 'SessionTakenOver',
  143: 'TopicFilterInvalid',
  144: 'TopicNameInvalid',
  145: 'PacketIdentifierInUse',
  146: 'PacketIdentifierNotFound',
  147: 'ReceiveMaximumExceeded',
  148: 'TopicAliasInvalid',
  149: 'PacketTooLarge',
  150: 'MessageRateTooHigh',
  151: 'QuotaExceeded',
  152: 'AdministrativeAction',
  153: 'PayloadFormatInvalid',
  154: 'RetainNotSupported',
  155: 'QoSNotSupported',
  156: 'UseAnotherServer',
  157: 'ServerMoved',
  158: 'SharedSubscriptionsNotSupported',
  159: 'ConnectionRateExceeded',
  160: 'MaximumConnectTime',
  161: 'SubscriptionIdentifiersNotSupported',
  162: 'WildcardSubscriptionsNotSupported',
};

/** MQTT 3.1.1 CONNACK return codes (3.2.2.3); 7 is AWS IoT Core's own for an unauthorized client. */
const mqtt311ConnackReasons: Readonly<Record<number, string>> = {
  1: 'UnacceptableProtocolVersion',
  2: 'IdentifierRejected',
  3: 'ServerUnavailable',
  4: 'BadUserNameOrPassword',
  5: 'NotAuthorized',
  7: 'NotAuthorized',
};

export function reasonOf(code: number): string {
  return mqtt5Reasons[code] ?? `ReasonCode${code}`;
}

export function connackReasonOf(code: number, mqttVersion: 4 | 5): string {
  return mqttVersion === 5 ? reasonOf(code) : (mqtt311ConnackReasons[code] ?? `ReturnCode${code}`);
}

/** Codes from 128 on are failures (2.4). */
export const firstFailureCode = 128;

/** The answer names a packet identifier that is not in use (3.6.2.1, 3.7.2.1). */
export const identifierNotFound = 146;

/** Refused for a quota: MessageRateTooHigh, QuotaExceeded. */
export function isThrottle(code: number): boolean {
  return code === 150 || code === 151;
}

const lastingRefusals: ReadonlySet<string> = new Set(['NotAuthorized', 'TopicFilterInvalid']);

/** Whether the same SUBSCRIBE would be refused again later; another may have been refused for a quota. */
export function isLastingRefusal(reason: string): boolean {
  return lastingRefusals.has(reason);
}

/** Codes of the system and of the Device SDK for want of file descriptors: the machine's doing, not the service's. */
const descriptorCodes: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'AWS_ERROR_MAX_FDS_EXCEEDED']);

/** A connection's error in one word; a want of file descriptors says so. */
export function localReasonOf(code: string): string {
  return descriptorCodes.has(code) ? 'EMFILE (this process may open no more files)' : code;
}
