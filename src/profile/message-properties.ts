import { parseDuration } from '../shared/duration.ts';
import type { JsonValue, MessageSettings, WillSettings } from './load-profile.ts';

/** The settings of `propertySettings`, as the schema has let them through. */
interface GivenProperties {
  readonly retain: boolean;
  readonly userProperties?: Readonly<Record<string, string>> | undefined;
  readonly contentType?: string | undefined;
  readonly payloadFormat?: 'utf8' | 'bytes' | undefined;
  readonly messageExpiry?: string | undefined;
  readonly topicAlias: boolean;
}

/** MQTT 5 properties of a message, in the form of the plan. */
export type MessageProperties = Pick<
  MessageSettings,
  'userProperties' | 'contentType' | 'payloadFormat' | 'messageExpirySeconds'
>;

/** How a message is published beside its topic and payload; what is not set is absent. */
export function resolveProperties(
  given: GivenProperties,
): MessageProperties & Pick<MessageSettings, 'retain' | 'topicAlias'> {
  const { retain, userProperties, contentType, payloadFormat, messageExpiry, topicAlias } = given;
  return {
    ...(retain && { retain }),
    ...(userProperties && Object.keys(userProperties).length > 0 && { userProperties }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(payloadFormat === undefined ? {} : { payloadFormat }),
    ...(messageExpiry === undefined ? {} : { messageExpirySeconds: wholeSeconds(messageExpiry) }),
    ...(topicAlias && { topicAlias }),
  };
}

interface GivenWill {
  readonly topic: string;
  readonly payload: JsonValue;
  readonly qos: WillSettings['qos'];
  readonly retain: boolean;
  readonly delay?: string | undefined;
}

export function resolveWill({ topic, payload, qos, retain, delay }: GivenWill): WillSettings {
  return {
    topic,
    payload,
    qos,
    ...(retain && { retain }),
    ...(delay === undefined ? {} : { delaySeconds: wholeSeconds(delay) }),
  };
}

/** Seconds; a duration that is no whole number of them has an error of its own (`property-rules.ts`). */
export function wholeSeconds(duration: string): number {
  return Math.round((parseDuration(duration) ?? 0) / 1_000);
}
