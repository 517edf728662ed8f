import { type BrokerCounter, brokerCounters, keepsCountsFor } from '../targets/mqtt/sys-topics.ts';

/** One value of a broker's counter, as it was published. */
export interface BrokerSample {
  readonly counter: BrokerCounter;
  /** Of the nodes of a cluster each has its own. */
  readonly topic: string;
  /** Epoch milliseconds, of the subscriber's clock: when the value came. The broker had counted it by then. */
  readonly at: number;
  readonly value: number;
}

/** What a broker published of its own counts to one subscriber. */
export interface BrokerSamples {
  /** `Mosquitto` */
  readonly name: string;
  /** Epoch milliseconds: it was subscribed to the counts from then on. */
  readonly since: number;
  readonly samples: readonly BrokerSample[];
  /** What it published of its own running time, how often; and the epoch milliseconds of its start by that. */
  readonly uptime?: { readonly samples: number; readonly startedAt: number };
}

/** How far one counter of a broker moved while a run went on. */
export interface BrokerCount {
  readonly counter: BrokerCounter;
  /** Of all nodes: the last value less the one before publishing began. */
  readonly count: number;
  /** No value is known from before publishing began: what was counted until the first one came is not in the count. */
  readonly isPartial: boolean;
  /** A value fell: the broker was started again, and what it counted since the value before is not in the count. */
  readonly wasReset: boolean;
}

/**
 * The difference of each counter between its last value before publishing began and its last one. A broker that publishes its counts as
 * they change, and keeps them for new subscribers for some time, had counted nothing if it had published nothing within that time from its
 * start; later, a count that did not change is not known. One that it never published did not move.
 */
export function countBroker(
  { name, since, samples, uptime }: BrokerSamples,
  publishAt: number,
): BrokerCount[] {
  const keptForMs = keepsCountsFor(name);
  const isKept = keptForMs !== undefined && since <= publishAt;
  const isNew = isKept && uptime !== undefined && since - uptime.startedAt <= keptForMs;
  return brokerCounters.flatMap((counter) => {
    const byTopic = Map.groupBy(
      samples.filter((each) => each.counter === counter),
      ({ topic }) => topic,
    );
    if (byTopic.size === 0) return isKept ? [{ counter, count: 0, isPartial: false, wasReset: false }] : [];
    const counts = [...byTopic.values()].map((ofTopic) => countTopic(ofTopic, publishAt, isNew));
    return [
      {
        counter,
        count: counts.reduce((sum, { count }) => sum + count, 0),
        isPartial: counts.some(({ isPartial }) => isPartial),
        wasReset: counts.some(({ wasReset }) => wasReset),
      },
    ];
  });
}

function countTopic(
  samples: readonly BrokerSample[],
  publishAt: number,
  isNew: boolean,
): Omit<BrokerCount, 'counter'> {
  const ordered = samples.toSorted((a, b) => a.at - b.at);
  const before = ordered.findLastIndex(({ at }) => at <= publishAt);
  const isKnown = before >= 0 || isNew;
  let last = before >= 0 ? ordered[before]!.value : isNew ? 0 : ordered[0]!.value;
  let count = 0;
  let wasReset = false;
  for (const { value } of ordered.slice(before + 1)) {
    count += value < last ? value : value - last;
    wasReset ||= value < last;
    last = value;
  }
  return { count, isPartial: !isKnown, wasReset };
}
