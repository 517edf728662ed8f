import { CorruptMeasurementError } from './corrupt-measurement.ts';
import type { EncodedIntervals } from './interval-set.ts';
import { MessageSets } from './message-sets.ts';
import { parseStreamKey } from './stream-key.ts';
import type { DeadLetters } from './unread-backlog.ts';

/** `runs/{runId}/dead-letters.json`: messages that one Region's queues had given up, for the ledger of all Regions. */
export interface StoredDeadLetters {
  readonly version: 1;
  readonly runId: string;
  readonly deadLetters: readonly {
    readonly reason: string;
    /** By stream key. */
    readonly messages: Readonly<Record<string, EncodedIntervals>>;
  }[];
}

export function encodeDeadLetters(runId: string, deadLetters: readonly DeadLetters[]): StoredDeadLetters {
  return {
    version: 1,
    runId,
    deadLetters: deadLetters.map(({ reason, messages }) => ({ reason, messages: messages.encode() })),
  };
}

/** @throws {CorruptMeasurementError} */
export function decodeDeadLetters({ deadLetters }: StoredDeadLetters): DeadLetters[] {
  return deadLetters.map(({ reason, messages: encoded }) => {
    const messages = new MessageSets();
    for (const [key, numbers] of Object.entries(encoded)) {
      const stream = parseStreamKey(key);
      if (stream === undefined) throw new CorruptMeasurementError(`Dead letters of stream ${key}`);
      messages.addEncoded(stream, numbers);
    }
    return { reason, messages };
  });
}
