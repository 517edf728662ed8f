import { iotCoreLimits } from '../../../targets/aws-iot/iot-core-limits.ts';

/** A topic filter of a SUBSCRIBE, taken apart. */
export interface TopicFilter {
  /** Levels to match, without `$share/{group}/`. */
  readonly filter: string;
  /** Of a shared subscription. */
  readonly shareName?: string;
  readonly hasWildcard: boolean;
}

const share = '$share/';

/**
 * @returns undefined for a filter that is not valid: empty, with a wildcard that shares its level [MQTT-4.7.1-1], with `#`
 * before the last level [MQTT-4.7.1-1], `$share` without a group's name or a filter [MQTT-4.8.2-1], [MQTT-4.8.2-2],
 * past AWS's limits, which leave `$share/{group}/` out of account, or on a topic that begins with `$` and is not one of life-cycle
 * events: these are reserved, and what the service sends on them (shadows, jobs) is not emulated
 */
export function parseTopicFilter(text: string): TopicFilter | undefined {
  if (!text.startsWith(share)) return parsePlainFilter(text);
  const nameEnd = text.indexOf('/', share.length);
  const shareName = text.slice(share.length, nameEnd);
  if (nameEnd === -1 || shareName === '' || /[+#]/.test(shareName)) return undefined;
  const plain = parsePlainFilter(text.slice(nameEnd + 1));
  return plain === undefined ? undefined : { ...plain, shareName };
}

function parsePlainFilter(filter: string): TopicFilter | undefined {
  const levels = filter.split('/');
  if (filter === '' || isPastLimits(filter)) return undefined;
  if (filter.startsWith('$') && !filter.startsWith('$aws/events/')) return undefined;
  for (const [i, level] of levels.entries()) {
    if (level === '#' ? i !== levels.length - 1 : level !== '+' && /[+#]/.test(level)) return undefined;
  }
  return { filter, hasWildcard: /[+#]/.test(filter) };
}

const basicIngest = '$aws/rules/';

/** The rule that a topic of Basic Ingest names: `$aws/rules/{rule}` or `$aws/rules/{rule}/{topic}`. */
export function basicIngestRuleOf(topic: string): string | undefined {
  return topic.startsWith(basicIngest) ? topic.slice(basicIngest.length).split('/', 1)[0] : undefined;
}

/**
 * Whether a message may be published there: not empty [MQTT-4.7.3-1], no wildcards [MQTT-3.3.2-2], within AWS's limits, which
 * leave `$aws/rules/{rule}/` out of account, and no other topic that begins with `$`.
 */
export function isTopicName(topic: string): boolean {
  if (topic === '' || /[+#\0]/.test(topic)) return false;
  if (!topic.startsWith('$')) return !isPastLimits(topic);
  const rule = basicIngestRuleOf(topic);
  return (
    rule !== undefined && rule !== '' && !isPastLimits(topic.slice(basicIngest.length + rule.length + 1))
  );
}

function isPastLimits(topic: string): boolean {
  const levels = topic.split('/').length;
  return levels > iotCoreLimits.topicSlashes + 1 || Buffer.byteLength(topic) > iotCoreLimits.topicBytes;
}
