import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Aedes } from 'aedes';
import { connectAsync } from 'mqtt';
import { makeMqttTransport } from '../../../src/device/transports/mqtt.ts';
import type { ArrivalWindow } from '../../../src/measure/arrival-window.ts';
import { MessageSets } from '../../../src/measure/message-sets.ts';
import { parseStreamKey } from '../../../src/measure/stream-key.ts';
import type { SubscriberRecord } from '../../../src/measure/subscriber-record.ts';
import { fanOutOf } from '../../../src/plan/fan-out.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { firstSubscriberSlice } from '../../../src/plan/subscribers.ts';
import { makeSystemClock } from '../../../src/shared/clock.ts';
import { parseProfile, wantedTargetOf } from '../../../src/targets/parse-profile.ts';
import { mqttEndpointsOf } from '../../../src/targets/traits-of.ts';
import { subscribeSlice } from '../../../src/worker/subscribe-slice.ts';
import { collectGarbage } from '../../support/device/transports/collect-garbage.ts';
import { type CuttingProxy, startCuttingProxy } from '../../support/targets/cutting-proxy.ts';
import { until } from '../../support/until.ts';

// A slice that subscribes to a broker whose connection to it is cut while messages come.

let broker: Aedes;
let server: Server;
let proxy: CuttingProxy;
/** By QoS. */
let outcomes: Awaited<ReturnType<typeof runSubscriber>>[];
beforeAll(async () => {
  broker = await Aedes.createBroker();
  server = createServer(broker.handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await startCuttingProxy((server.address() as AddressInfo).port);
  outcomes = await Promise.all(([0, 1, 2] as const).map(runSubscriber));
});
afterAll(async () => {
  await proxy.close();
  await new Promise<void>((resolve) => broker.close(resolve));
  server.close();
});
afterAll(collectGarbage);

/** Messages before its connection is cut, and after that. */
const each = 40;

async function runSubscriber(qos: 0 | 1 | 2) {
  const runId = `cut-${qos}`;
  const profile = parseProfile({
    ...{
      target: `mqtt://127.0.0.1:${proxy.port}`,
      devices: 4,
      ratePerSecond: 40,
      duration: '3s',
      drain: '1s',
    },
    connect: { version: '3.1.1', ratePerSecond: 100 },
    publish: { qos },
  });
  const target = wantedTargetOf(profile)!;
  const coldStart = { leadMs: 0, environmentsPerSecond: 1_000 };
  const plan = makePlan({ runId, now: Date.now(), coldStart, profile, target });
  const windows: ArrivalWindow[] = [];
  const records: SubscriberRecord[] = [];
  const clock = makeSystemClock();
  const [endpoint] = mqttEndpointsOf(target);
  const running = subscribeSlice(
    { runId, slice: firstSubscriberSlice, hosts: fanOutOf(plan).hosts },
    {
      store: {
        getPlan: async () => plan,
        putArrivalWindow: async (window) => void windows.push(window),
        putSubscriber: async (record) => void records.push(record),
        async *actions() {},
      },
      known: { iotEndpoints: [], iotDataUrl: undefined, region: 'us-east-1' },
      liveView: { arrivals: async () => undefined },
      clock,
      makeTransport: async (group) =>
        makeMqttTransport(group.profile, { endpoint: endpoint!, credentials: { auth: 'none' } }, clock),
      openControl: async () => ({ caughtUp: Promise.resolve(), close: async () => undefined }),
    },
  );
  const subscribed = new Set<string>();
  broker.on('subscribe', (_, client) => subscribed.add(client.id));
  const id = `stampede-${runId}-${firstSubscriberSlice}-0`;
  await until(() => subscribed.has(id));
  const publisher = await connectAsync({ port: (server.address() as AddressInfo).port, protocolVersion: 4 });
  let n = 0;
  const publish = async (): Promise<void> => {
    for (const last = n + each; n < last; n++) {
      const stampede = { run: runId, slice: 0, n, device: n % 4, at: clock.now(), sent: clock.now() };
      const topic = `stampede/dev/${runId}/d${n % 4}/telemetry`;
      await publisher.publishAsync(topic, JSON.stringify({ stampede }), { qos });
    }
  };
  await publish();
  // Some of them have come, and at QoS 1 and 2 some of their exchanges are not complete.
  expect(proxy.cut(id, 300)).toBe(1);
  await publish();
  await running;
  await publisher.endAsync();
  const seen = new MessageSets();
  for (const window of windows)
    for (const [key, numbers] of Object.entries(window.seen)) seen.addEncoded(parseStreamKey(key)!, numbers);
  return { seen, record: records.at(-1)! };
}

it.each([1, 2] as const)('goes on with its session at QoS %d, and misses nothing', (qos) => {
  const { seen, record } = outcomes[qos]!;
  expect(record).toMatchObject({ outcome: 'completed', gaps: [{ isSessionKept: true }] });
  expect(seen.count).toBe(2 * each);
  // aedes sends some again whose PUBCOMP it had: that QoS 2 delivers once is shown with other brokers (`whole-runs`).
  expect(record.arrivals).toBeGreaterThanOrEqual(2 * each);
});

it('has no session at QoS 0, and says from when to when it was away', () => {
  const { seen, record } = outcomes[0]!;
  expect(record).toMatchObject({ outcome: 'completed', gaps: [{ isSessionKept: null }] });
  const { from, until: to } = record.gaps[0]!;
  expect(to! - from).toBeGreaterThanOrEqual(250);
  expect(seen.count).toBeLessThan(2 * each);
});
