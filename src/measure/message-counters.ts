import type { MessageLedger } from './run-ledger.ts';

/** How a counter of messages is shown. Its key is its name in stored files, in reports and in thresholds' paths. */
export interface MessageCounter {
  /** The name in texts: `not read yet`. */
  readonly label: string;
  /** Worth a look when it is not zero. */
  readonly isTrouble?: true;
}

/** What slices count of the messages they send. `PublishCounts` defines each. */
export const publishCounters = [
  'intended',
  'sent',
  'dropped',
  'acked',
  'throttled',
  'failed',
  'unacknowledged',
] as const satisfies readonly (keyof MessageLedger)[];

/** Every counter of the ledger, by name; docs/measurement.md defines them. */
export const messageCounters: Readonly<Record<keyof MessageLedger, MessageCounter>> = {
  intended: { label: 'intended' },
  sent: { label: 'sent' },
  dropped: { label: 'dropped', isTrouble: true },
  sendUnknown: { label: 'not known', isTrouble: true },
  acked: { label: 'acked' },
  throttled: { label: 'throttled', isTrouble: true },
  failed: { label: 'failed', isTrouble: true },
  unacknowledged: { label: 'unacknowledged', isTrouble: true },
  ackUnknown: { label: 'not known', isTrouble: true },
  arrivals: { label: 'arrivals' },
  received: { label: 'received' },
  duplicates: { label: 'duplicates', isTrouble: true },
  lost: { label: 'lost', isTrouble: true },
  notRead: { label: 'not read yet', isTrouble: true },
  deadLettered: { label: 'dead-lettered', isTrouble: true },
  unaccounted: { label: 'not accounted for', isTrouble: true },
};

export const messageCounterNames = Object.keys(messageCounters) as readonly (keyof MessageLedger)[];

/** `notRead` → `not_read`. */
type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? First extends Lowercase<First>
    ? `${First}${SnakeCase<Rest>}`
    : `_${Lowercase<First>}${SnakeCase<Rest>}`
  : '';

/** The same under the names that InfluxDB's fields have: `not_read`. */
export function liveFieldsOf<Counter extends string, Value>(
  values: Readonly<Record<Counter, Value>>,
): { readonly [Name in Counter as SnakeCase<Name>]: Value } {
  return Object.fromEntries(
    Object.entries<Value>(values).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  ) as { readonly [Name in Counter as SnakeCase<Name>]: Value };
}
