import { afterAll, expect, it } from '@jest/globals';
import { makeMqttTransport } from '../../../src/device/transports/mqtt.ts';
import type { ArrivalWindow } from '../../../src/measure/arrival-window.ts';
import { MessageSets } from '../../../src/measure/message-sets.ts';
import { parseStreamKey } from '../../../src/measure/stream-key.ts';
import type { SubscriberRecord } from '../../../src/measure/subscriber-record.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { subscriberNumbersOf } from '../../../src/plan/subscribers.ts';
import { makeSystemClock } from '../../../src/shared/clock.ts';
import type { MqttEndpoint } from '../../../src/targets/mqtt-endpoint.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';
import { subscribeSlice } from '../../../src/worker/subscribe-slice.ts';
import { collectGarbage } from '../../support/device/transports/collect-garbage.ts';
import { connectClient, startTestIotCore } from '../../support/iot-core/fixture.ts';
import { until } from '../../support/until.ts';

// Slices that subscribe to the embedded IoT Core, and share the messages of a run.

afterAll(collectGarbage);

const messages = 200;

function planOf(endpoint: MqttEndpoint): Plan {
  const load = { devices: 10, ratePerSecond: 100, duration: '2s', drain: '1s' };
  const plan = makePlan({
    runId: 'shared-1',
    now: Date.now(),
    coldStart: { leadMs: 0, environmentsPerSecond: 1_000 },
    profile: parseProfile({ ...load, connect: { ratePerSecond: 100 }, observers: ['rule', 'subscriber'] }),
    target: { kind: 'aws-iot', endpoints: [endpoint] },
  });
  return { ...plan, subscribers: { count: 2, connections: 2, divides: 'shared' } };
}

it('slices that share filters see each message once, and leave no session behind', async () => {
  const iotCore = await startTestIotCore();
  const endpoint: MqttEndpoint = { scheme: 'mqtt', host: '127.0.0.1', port: iotCore.mqttPort, auth: 'none' };
  const plan = planOf(endpoint);
  const windows: ArrivalWindow[] = [];
  const records: SubscriberRecord[] = [];
  const clock = makeSystemClock();
  const running = subscriberNumbersOf(plan).map((slice) =>
    subscribeSlice(
      { runId: plan.runId, slice, hosts: ['127.0.0.1'] },
      {
        store: {
          getPlan: async () => plan,
          putArrivalWindow: async (window) => void windows.push(window),
          putSubscriber: async (record) => void records.push(record),
          async *actions() {},
        },
        known: { iotEndpoints: [endpoint], iotDataUrl: undefined, region: 'us-east-1' },
        liveView: { arrivals: async () => undefined },
        clock,
        makeTransport: async ({ profile }) =>
          makeMqttTransport(profile, { endpoint, credentials: { auth: 'none' } }, clock),
        openControl: async () => ({ caughtUp: Promise.resolve(), close: async () => undefined }),
      },
    ),
  );
  await until(() => iotCore.sum('Subscribe.Success') === 4);
  const { client } = await connectClient(iotCore);
  for (let n = 0; n < messages; n++) {
    const stampede = {
      run: n < 190 ? plan.runId : 'other',
      slice: 0,
      n,
      device: n % 10,
      at: clock.now(),
      sent: clock.now(),
    };
    await client.publishAsync(`stampede/dev/shared-1/d${n % 10}/telemetry`, JSON.stringify({ stampede }), {
      qos: 1,
    });
  }
  await client.publishAsync('stampede/dev/shared-1/d0/telemetry', 'of another', { qos: 1 });
  const will = { run: plan.runId, slice: 0, device: 3, will: true };
  await client.publishAsync('stampede/dev/shared-1/d3/telemetry', JSON.stringify({ stampede: will }), {
    qos: 1,
  });
  await Promise.all(running);
  const seen = new MessageSets();
  for (const window of windows)
    for (const [key, numbers] of Object.entries(window.seen)) seen.addEncoded(parseStreamKey(key)!, numbers);
  const sum = (of: (window: ArrivalWindow) => number) => windows.reduce((all, window) => all + of(window), 0);
  expect(seen.count).toBe(190);
  expect(sum(({ arrivals }) => arrivals)).toBe(190);
  expect(sum(({ unrelated }) => unrelated.otherRun ?? 0)).toBe(10);
  expect(sum(({ unrelated }) => unrelated.notJson)).toBe(1);
  expect(sum(({ wills = 0 }) => wills)).toBe(1);
  expect(records).toHaveLength(2);
  for (const record of records)
    expect(record).toMatchObject({ outcome: 'completed', isShared: true, gaps: [], connects: 4 });
  expect(records.reduce((all, { arrivals }) => all + arrivals, 0)).toBe(190);
});
