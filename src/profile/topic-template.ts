import { formatPlural } from '../shared/format.ts';
import { suggestFrom } from '../shared/nearest.ts';
import { maxSlices, runIdMaxLength } from '../shared/run-bounds.ts';
import { utf8Bytes } from './payload-size.ts';
import type { TargetLimits } from './target-limits.ts';

type TopicLimits = Pick<TargetLimits, 'name' | 'topicBytes' | 'topicSlashes'>;

/** Placeholders of a topic: fixed for a device, so that its topic is made once. */
export interface TopicValues {
  /** Where the stack's rule reads: `stampede/dev`. */
  readonly topicRoot: string;
  readonly runId: string;
  readonly deviceId: string;
  readonly deviceIndex: number;
  readonly slice: number;
}

const topicPlaceholders = ['topicRoot', 'runId', 'deviceId', 'deviceIndex', 'slice'] as const;

const placeholder = /\{([^{}]*)\}/g;

/** `{topicRoot}/{runId}/{deviceId}/telemetry` → `stampede/dev/smoke-…/d7/telemetry`. Unknown placeholders stay as they are. */
export function expandTopic(template: string, values: TopicValues): string {
  return template.replace(placeholder, (braces, name: string) =>
    Object.hasOwn(values, name) ? String(values[name as keyof TopicValues]) : braces,
  );
}

/** Whether every device has a topic of its own, so that a subscriber of one receives only messages of that device. */
export function isTopicOfOneDevice(template: string): boolean {
  return template.includes('{deviceId}') || template.includes('{deviceIndex}');
}

interface TopicProblem {
  readonly message: string;
  readonly hint: string;
}

/**
 * What is wrong with a topic template, judged with the longest values it can get: a run id of 80 characters and the
 * last of `devices` devices. The length of the stack's `{topicRoot}` is not known here: it counts as the one byte that it has at
 * least, and `checkTopicLimits` judges the topic again once it is known.
 */
export function checkTopicTemplate(template: string, devices: number, limits: TopicLimits): TopicProblem[] {
  const errors: TopicProblem[] = [];
  for (const [braces, name] of template.matchAll(placeholder)) {
    if (!topicPlaceholders.some((known) => known === name)) {
      errors.push({
        message: `${braces} is not a placeholder`,
        hint: suggestFrom(name!, topicPlaceholders, 'the placeholders are'),
      });
    }
  }
  if (/[{}]/.test(template.replace(placeholder, ''))) {
    errors.push({ message: 'a brace is not closed', hint: 'write placeholders as {deviceId}' });
  }
  // [MQTT-3.3.2-2]
  if (/[+#]/.test(template)) {
    errors.push({
      message: 'a topic to publish to cannot hold the wildcards + and #',
      hint: 'name every level; {deviceId} and {slice} differ by device',
    });
  }
  if (template.includes('\0')) {
    errors.push({ message: 'a topic cannot hold a null character', hint: 'remove it' });
  }
  if (template.startsWith('$')) errors.push(reservedTopic(template, limits));
  const longest = expandTopic(template, {
    topicRoot: 'x',
    runId: 'r'.repeat(runIdMaxLength),
    deviceId: `d${devices - 1}`,
    deviceIndex: devices - 1,
    slice: Math.min(devices, maxSlices) - 1,
  });
  return [...errors, ...checkTopicLimits(longest, limits)];
}

function reservedTopic(template: string, { name }: TopicLimits): TopicProblem {
  const message = `topics that begin with $ are reserved by ${name}`;
  const [, rest] = /^\$aws\/rules\/[^/]*\/?(.*)$/s.exec(template) ?? [];
  if (rest !== undefined) {
    const topic = rest === '' ? 'a topic of its own' : JSON.stringify(rest);
    return {
      message,
      hint: `for Basic Ingest set publish.basicIngest to true and the topic to ${topic}: $aws/rules/ and the name of the stack’s rule are put before it`,
    };
  }
  return {
    message,
    hint: 'publish to a topic that the rule reads, such as {topicRoot}/{runId}/{deviceId}/telemetry',
  };
}

/** What the target has against the length of a topic whose placeholders are filled in. */
export function checkTopicLimits(
  topic: string,
  { name, topicBytes, topicSlashes }: TopicLimits,
): TopicProblem[] {
  const errors: TopicProblem[] = [];
  const slashes = topic.split('/').length - 1;
  if (slashes > topicSlashes) {
    errors.push({
      message: `${slashes} slashes, and ${name} allows ${topicSlashes}`,
      hint: `drop ${formatPlural(slashes - topicSlashes, 'level')}`,
    });
  }
  const bytes = utf8Bytes(topic);
  if (bytes > topicBytes) {
    errors.push({
      message: `up to ${bytes} bytes once its placeholders are filled in, and ${name} allows ${topicBytes}`,
      hint: `shorten it by ${formatPlural(bytes - topicBytes, 'byte')}; a run id can have ${runIdMaxLength}`,
    });
  }
  return errors;
}
