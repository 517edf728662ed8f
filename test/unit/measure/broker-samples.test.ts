import { expect, it } from '@jest/globals';
import { type BrokerSamples, countBroker } from '../../../src/measure/broker-samples.ts';
import { readSysTopic, readUptime } from '../../../src/targets/mqtt/sys-topics.ts';

const publishAt = 10_000;
const received = '$SYS/broker/publish/messages/received';

function brokerOf(
  name: string,
  values: readonly (readonly [at: number, value: number, topic?: string])[],
): BrokerSamples {
  const samples = values.map(([at, value, topic = received]) => ({
    counter: 'received' as const,
    topic,
    at,
    value,
  }));
  return { name, since: 5_000, samples };
}

const countOf = (broker: BrokerSamples) =>
  countBroker(broker, publishAt).find(({ counter }) => counter === 'received');

it('counts from the last value before publishing began', () => {
  const counts = [
    [6_000, 100],
    [9_000, 130],
    [12_000, 500],
    [20_000, 900],
  ] as const;
  expect(countOf(brokerOf('EMQX', counts))).toEqual({
    counter: 'received',
    count: 770,
    isPartial: false,
    wasReset: false,
  });
});

it('takes a count which Mosquitto has not published within a minute from its start as 0', () => {
  const values = brokerOf('Mosquitto', [
    [12_000, 500],
    [20_000, 900],
  ]);
  const mosquitto = { ...values, uptime: { samples: 4, startedAt: values.since - 60_000 } };
  expect(countBroker(mosquitto, publishAt)).toEqual([
    { counter: 'received', count: 900, isPartial: false, wasReset: false },
    { counter: 'sent', count: 0, isPartial: false, wasReset: false },
    { counter: 'dropped', count: 0, isPartial: false, wasReset: false },
  ]);
  // Subscribed too late, it does not.
  expect(countBroker({ ...mosquitto, since: 11_000 }, publishAt)).toEqual([
    { counter: 'received', count: 400, isPartial: true, wasReset: false },
  ]);
});

it('does not know a count of Mosquitto that may have been kept no longer, unless it never moved', () => {
  const values = brokerOf('Mosquitto', [
    [12_000, 500],
    [20_000, 900],
  ]);
  const older = { ...values, uptime: { samples: 4, startedAt: values.since - 60_001 } };
  for (const broker of [values, older])
    expect(countBroker(broker, publishAt)).toEqual([
      { counter: 'received', count: 400, isPartial: true, wasReset: false },
      { counter: 'sent', count: 0, isPartial: false, wasReset: false },
      { counter: 'dropped', count: 0, isPartial: false, wasReset: false },
    ]);
});

it.each([
  ['$SYS/broker/uptime', '61 seconds', 61_000],
  ['$SYS/broker/uptime', '61', undefined],
  [received, '61 seconds', undefined],
])('%s %s', (topic, text, ms) => {
  expect(readUptime(topic, text)).toBe(ms);
});

it('is partial where no value is known from before, and says when the broker began again', () => {
  expect(
    countOf(
      brokerOf('EMQX', [
        [12_000, 500],
        [20_000, 900],
      ]),
    ),
  ).toMatchObject({ count: 400, isPartial: true });
  const again = brokerOf('Mosquitto', [
    [6_000, 100],
    [12_000, 500],
    [20_000, 30],
  ]);
  expect(countOf(again)).toEqual({ counter: 'received', count: 430, isPartial: false, wasReset: true });
});

it('adds up the nodes of a cluster', () => {
  const node = (name: string) => `$SYS/brokers/${name}/metrics/packets/publish/received`;
  const broker = brokerOf('EMQX', [
    [6_000, 10, node('a')],
    [6_000, 20, node('b')],
    [12_000, 15, node('a')],
    [12_000, 27, node('b')],
  ]);
  expect(countOf(broker)).toMatchObject({ count: 12 });
});

it.each([
  [received, 'Mosquitto', 'received'],
  ['$SYS/broker/publish/messages/dropped', 'Mosquitto', 'dropped'],
  ['$SYS/broker/messages/publish/sent', 'HiveMQ', 'sent'],
  ['$SYS/brokers/emqx@127.0.0.1/metrics/delivery/dropped', 'EMQX', 'dropped'],
  ['$SYS/VerneMQ@127.0.0.1/mqtt/publish/received', 'VerneMQ', 'received'],
])('%s is of %s', (topic, broker, counter) => {
  expect(readSysTopic(topic)).toEqual({ broker, counter });
});

it('no other topic is a count', () => {
  expect(readSysTopic('$SYS/broker/uptime')).toBeUndefined();
  expect(readSysTopic('$SYS/brokers/a/b/metrics/delivery/dropped')).toBeUndefined();
});
