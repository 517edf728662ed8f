/** What a broker counts over all its clients since it was started: PUBLISH packets received, sent, and dropped instead of sent. */
export type BrokerCounter = 'received' | 'sent' | 'dropped';

export const brokerCounters = ['received', 'sent', 'dropped'] as const satisfies readonly BrokerCounter[];

/** Where a kind of broker publishes its own counts. */
interface SysTopics {
  readonly broker: string;
  /** It publishes a count when it changes, from 0 on, and retains it for this time. Absent: it retains none. */
  readonly keptForMs?: number;
  /** How long it has been running: `123 seconds`. */
  readonly uptime?: string;
  /** Some versions do not count a PUBLISH at QoS 2, or with RETAIN, as received. */
  readonly maySkipReceived: boolean;
  /** A `+` is the name of a node: each counts for itself. */
  readonly topics: Readonly<Record<BrokerCounter, string>>;
}

/**
 * No standard says what brokers publish under `$SYS`.
 * @see https://mosquitto.org/man/mosquitto-8.html
 * @see https://docs.emqx.com/en/emqx/latest/observability/mqtt-system-topics.html
 * @see https://docs.vernemq.com/monitoring/systree
 * @see https://github.com/mqtt/mqtt.org/wiki/SYS-Topics which the extension of HiveMQ follows
 */
const knownTopics: readonly SysTopics[] = [
  {
    broker: 'Mosquitto',
    // A message expiry of 60 s, in src/sys_tree.c.
    keptForMs: 60_000,
    uptime: '$SYS/broker/uptime',
    // Of 2.0.11 as Debian has it: https://github.com/eclipse-mosquitto/mosquitto/issues/2448
    maySkipReceived: true,
    topics: {
      received: '$SYS/broker/publish/messages/received',
      sent: '$SYS/broker/publish/messages/sent',
      dropped: '$SYS/broker/publish/messages/dropped',
    },
  },
  {
    broker: 'HiveMQ',
    maySkipReceived: false,
    topics: {
      received: '$SYS/broker/messages/publish/received',
      sent: '$SYS/broker/messages/publish/sent',
      dropped: '$SYS/broker/messages/publish/dropped',
    },
  },
  {
    broker: 'EMQX',
    maySkipReceived: false,
    topics: {
      received: '$SYS/brokers/+/metrics/packets/publish/received',
      sent: '$SYS/brokers/+/metrics/packets/publish/sent',
      dropped: '$SYS/brokers/+/metrics/delivery/dropped',
    },
  },
  {
    broker: 'VerneMQ',
    maySkipReceived: false,
    topics: {
      received: '$SYS/+/mqtt/publish/received',
      sent: '$SYS/+/mqtt/publish/sent',
      dropped: '$SYS/+/queue/message/drop',
    },
  },
];

/** What a client subscribes to for the counts of any broker that is known. */
export const sysFilters: readonly string[] = knownTopics.flatMap(({ topics, uptime = [] }) => [
  ...Object.values(topics),
  ...[uptime].flat(),
]);

/** How long a new subscriber is given a count of this broker that has not changed; undefined: not at all. */
export function keepsCountsFor(broker: string): number | undefined {
  return knownTopics.find((known) => known.broker === broker)?.keptForMs;
}

/** Milliseconds for which a broker says that it has been running; undefined: the topic is not that of one. */
export function readUptime(topic: string, text: string): number | undefined {
  const [, seconds] = /^(\d+) seconds$/.exec(text) ?? [];
  const isKnown = knownTopics.some(({ uptime }) => uptime === topic);
  return isKnown && seconds !== undefined ? Number(seconds) * 1_000 : undefined;
}

/** Whether the broker's count of received messages may be without those at QoS 2 and those with RETAIN. */
export function maySkipReceived(broker: string): boolean {
  return knownTopics.some((known) => known.broker === broker && known.maySkipReceived);
}

/** Which broker's counter a topic is; undefined: of none that is known. */
export function readSysTopic(
  topic: string,
): { readonly broker: string; readonly counter: BrokerCounter } | undefined {
  for (const { broker, topics } of knownTopics) {
    const counter = brokerCounters.find((each) => isOf(topics[each], topic));
    if (counter !== undefined) return { broker, counter };
  }
  return undefined;
}

function isOf(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  return wanted.length === levels.length && wanted.every((level, i) => level === '+' || level === levels[i]);
}
