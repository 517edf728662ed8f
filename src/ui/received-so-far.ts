import type { RunRecord } from '../aws/run-archive.ts';
import { MessageSets } from '../measure/message-sets.ts';
import { parseStreamKey } from '../measure/stream-key.ts';
import { observersOf } from '../plan/observers.ts';

/** Distinct messages that have arrived, and arrivals beyond the first of each. */
export interface ReceivedCounts {
  readonly received: number;
  readonly duplicates: number;
}

/**
 * Reads what the primary observer has stored so far: the live view only counts arrivals, and a duplicate among them would hide
 * a missing message. Each window is read once.
 */
export function makeReceivedSoFar(
  record: Pick<RunRecord, 'arrivalWindows' | 'getPlan'>,
  runId: string,
): () => Promise<ReceivedCounts> {
  const known = new Set<string>();
  const windows = new Set<string>();
  const received = new MessageSets();
  let arrivals = 0;
  let primary: string | undefined;
  return async () => {
    primary ??= observersOf(await record.getPlan(runId))[0]?.name;
    for await (const { observer, window, arrivals: count, seen } of record.arrivalWindows(runId, known)) {
      if (observer !== primary || windows.has(window)) continue;
      windows.add(window);
      arrivals += count;
      for (const [key, numbers] of Object.entries(seen)) {
        const stream = parseStreamKey(key);
        if (stream !== undefined) received.addEncoded(stream, numbers);
      }
    }
    return { received: received.count, duplicates: arrivals - received.count };
  };
}
