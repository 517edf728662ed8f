/** What the kernel counted of packets that queues sent, or lost. */
export interface QueueCounts {
  /** With their headers, as the queues have them. */
  readonly bytes: number;
  readonly packets: number;
  /** Lost on purpose by netem, or because a queue was full. */
  readonly dropped: number;
}

export const nothingCounted: QueueCounts = { bytes: 0, packets: 0, dropped: 0 };

/** Of the JSON of `tc -s -j qdisc show`, what is read of an entry. */
interface QdiscEntry {
  readonly parent?: unknown;
  readonly bytes?: unknown;
  readonly packets?: unknown;
  readonly drops?: unknown;
}

/**
 * Adds up the queues of devices: those in a class of the root, and not the root itself, which has the packets of the measurement too.
 * @param json what `tc -s -j qdisc show dev LINK` writes
 * @throws {SyntaxError} of what is no JSON @throws {TypeError} of a queue without counts
 */
export function countQueues(json: string): QueueCounts {
  const entries = JSON.parse(json.trim() === '' ? '[]' : json) as readonly QdiscEntry[];
  const queues = entries.filter(({ parent }) => typeof parent === 'string' && parent.startsWith('1:'));
  return queues.reduce<QueueCounts>(
    (sum, { bytes, packets, drops }) => ({
      bytes: sum.bytes + countOf(bytes),
      packets: sum.packets + countOf(packets),
      dropped: sum.dropped + countOf(drops),
    }),
    nothingCounted,
  );
}

function countOf(value: unknown): number {
  if (typeof value !== 'number') throw new TypeError(`tc has no count of a queue, but ${String(value)}`);
  return value;
}
