import { type BrokerCounter, brokerCounters } from '../targets/mqtt/sys-topics.ts';

/** One value of a broker's counter, as it was published. */
export interface BrokerSample {
  readonly counter: BrokerCounter;
  /** Of the nodes of a cluster each has its own. */
  readonly topic: string;
  /** Epoch milliseconds, of the subscriber's clock: when the value came. The broker had counted it by then. */
  readonly at: number;
  readonly value: number;
}

/** How far one counter of a broker moved while a run went on. */
export interface BrokerCount {
  readonly counter: BrokerCounter;
  /** Of all nodes: the last value less the one before the run. */
  readonly count: number;
  /** Epoch milliseconds: the values came then. What was counted in between is in the count. */
  readonly from: number;
  readonly until: number;
  /** A value fell: the broker was started again, and what it counted since the value before is not known. */
  readonly wasReset: boolean;
}

/**
 * The difference of each counter between its last value before publishing began, or the first one that came, and the last one. A counter
 * that was seen once did not move, for brokers publish what changes.
 */
export function countBroker(samples: readonly BrokerSample[], publishAt: number): BrokerCount[] {
  return brokerCounters.flatMap((counter) => {
    const byTopic = Map.groupBy(
      samples.filter((each) => each.counter === counter),
      ({ topic }) => topic,
    );
    const counts = [...byTopic.values()].map((ofTopic) => countTopic(ofTopic, publishAt));
    if (counts.length === 0) return [];
    return [
      {
        counter,
        count: counts.reduce((sum, { count }) => sum + count, 0),
        from: Math.min(...counts.map(({ from }) => from)),
        until: Math.max(...counts.map(({ until }) => until)),
        wasReset: counts.some(({ wasReset }) => wasReset),
      },
    ];
  });
}

function countTopic(samples: readonly BrokerSample[], publishAt: number): Omit<BrokerCount, 'counter'> {
  const ordered = samples.toSorted((a, b) => a.at - b.at);
  const used = ordered.slice(
    Math.max(
      0,
      ordered.findLastIndex(({ at }) => at <= publishAt),
    ),
  );
  let count = 0;
  let wasReset = false;
  for (const [i, { value }] of used.entries()) {
    const before = used[i - 1]?.value ?? value;
    count += value < before ? value : value - before;
    wasReset ||= value < before;
  }
  return { count, from: used[0]!.at, until: used.at(-1)!.at, wasReset };
}
