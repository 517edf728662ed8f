/**
 * What each message carries beside the user's payload, under the key `stampede`. The IoT rule selects just these and
 * `timestamp()`, so that the queue carries ~150 bytes however large the payload.
 */
export interface Envelope {
  readonly run: string;
  readonly slice: number;
  /** Device group of the slice, from 1 in the profile's order; 0, which is left out: the profile has none. */
  readonly deviceGroup: number;
  /** Kind of message within the slice. Messages of stream 0 leave it out. */
  readonly stream: number;
  /** The message's number within its stream: 0, 1, 2, … gap-free over the intended publishes. */
  readonly n: number;
  /** Device index over the whole run. */
  readonly device: number;
  /** Intended send time, epoch milliseconds, fractional. */
  readonly at: number;
  /** Actual send time, epoch milliseconds, fractional. */
  readonly sent: number;
}

/** A message as the rule passes it on: `SELECT stampede.run AS run, … , timestamp() AS rule`. */
export interface RuleRecord extends Envelope {
  /** The rules engine's `timestamp()`, epoch milliseconds, whole. */
  readonly rule: number;
}

/** Name of the MQTT 5 user property that carries the envelope of a message whose payload has no room for it. */
export const envelopeProperty = 'stampede';

/** What every message and every will begins with, wherever it travels; the fields of the envelope, which hold no brace, follow. */
export const envelopeKey = '{"stampede":';

/** Of a slice, a device or a message. */
export function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
