import { maxGroups } from '../profile/load-profile.ts';
import { runIdPattern } from '../shared/run-id.ts';
import type { RuleRecord } from './envelope.ts';
import { isStreamId } from './stream-key.ts';

/** What is wrong with a message on the topics that is not this tester's. */
export type Unrelated = 'notJson' | 'noEnvelope';

/** A rule's record from the body of a queue's message. */
export function parseRuleRecord(body: unknown): RuleRecord | Unrelated {
  if (typeof body !== 'string') return 'notJson';
  try {
    return checkRuleRecord(JSON.parse(body));
  } catch {
    return 'notJson';
  }
}

export function checkRuleRecord(value: unknown): RuleRecord | 'noEnvelope' {
  if (typeof value !== 'object' || value === null) return 'noEnvelope';
  const {
    run,
    slice,
    deviceGroup = 0,
    stream = 0,
    n,
    device,
    at,
    sent,
    rule,
  } = value as Readonly<Record<string, unknown>>;
  const id = { slice, stream };
  const sound =
    typeof run === 'string' &&
    runIdPattern.test(run) &&
    isGroup(deviceGroup) &&
    isStreamId(id) &&
    isIndex(n) &&
    isIndex(device) &&
    isInstant(at) &&
    isInstant(sent) &&
    isInstant(rule);
  return sound ? { run, deviceGroup, ...id, n, device, at, sent, rule } : 'noEnvelope';
}

function isGroup(value: unknown): value is number {
  return isIndex(value) && value <= maxGroups;
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}
