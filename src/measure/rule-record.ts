import { maxGroups } from '../profile/load-profile.ts';
import { runIdPattern } from '../shared/run-id.ts';
import { type Envelope, envelopeKey, isIndex, type RuleRecord } from './envelope.ts';
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
  const record = value as Readonly<Record<string, unknown>>;
  const { rule, property, head } = record;
  const envelope = property === undefined && head === undefined ? checkEnvelope(record) : envelopeOf(record);
  return typeof envelope !== 'string' && isInstant(rule) ? { ...envelope, rule } : 'noEnvelope';
}

/**
 * Of a rule that reads any payload: `property`, all values of the user property `stampede`; or else `head`, base64 of the
 * payload's first bytes, which the envelope is in.
 */
function envelopeOf({ property, head }: Readonly<Record<string, unknown>>): Envelope | Unrelated {
  const [value] = Array.isArray(property) ? (property as unknown[]) : [];
  if (typeof value === 'string') return readEnvelope(Buffer.from(value));
  return typeof head === 'string' ? readEnvelope(Buffer.from(head, 'base64')) : 'noEnvelope';
}

function checkEnvelope(value: unknown): Envelope | 'noEnvelope' {
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
    isInstant(sent);
  return sound ? { run, deviceGroup, ...id, n, device, at, sent } : 'noEnvelope';
}

const keyBytes = Buffer.from(envelopeKey);
const closingBrace = 0x7d;

/** The envelope of a message as a subscriber receives it: payload and all. */
export function readEnvelope(payload: Buffer): Envelope | Unrelated {
  const start = keyBytes.length;
  if (payload.subarray(0, start).equals(keyBytes)) {
    const end = payload.indexOf(closingBrace, start) + 1;
    const envelope = parseEnvelope(payload.toString('latin1', start, end));
    if (typeof envelope !== 'string') return envelope;
  }
  // Of no PayloadWriter, or damaged.
  try {
    const message: unknown = JSON.parse(payload.toString());
    return checkEnvelope((message as { readonly stampede?: unknown } | null)?.stampede);
  } catch {
    return 'notJson';
  }
}

function parseEnvelope(text: string): Envelope | Unrelated {
  try {
    return checkEnvelope(JSON.parse(text));
  } catch {
    return 'notJson';
  }
}

function isGroup(value: unknown): value is number {
  return isIndex(value) && value <= maxGroups;
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}
