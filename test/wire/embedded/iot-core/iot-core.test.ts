import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { runSlice } from '../../../../src/device/slice-runner.ts';
import type { MakeTransport } from '../../../../src/device/transport.ts';
import { makeHttpsTransport } from '../../../../src/device/transports/https.ts';
import { makeMqttTransport } from '../../../../src/device/transports/mqtt.ts';
import { wallClock } from '../../../../src/embedded/iot-core/broker-clock.ts';
import { type RunningIotCore, runIotCore } from '../../../../src/embedded/iot-core/iot-core.ts';
import { iotCoreSettingsOf } from '../../../../src/embedded/iot-core/start-iot-core.ts';
import { IntervalSet } from '../../../../src/measure/interval-set.ts';
import type { LoadProfile } from '../../../../src/profile/load-profile.ts';
import { makeSystemClock } from '../../../../src/shared/clock.ts';
import { makeRandom } from '../../../../src/shared/random.ts';
import { makeTestPlan } from '../../../support/device/make-run.ts';
import { collectGarbage } from '../../../support/device/transports/collect-garbage.ts';
import { cleanUp, cleanUpLater, httpsSettingsOf } from '../../../support/device/transports/open-transport.ts';
import { testKey } from '../../../support/embedded/test-key.ts';
import { onlyGroupOf } from '../../../support/plan/only-group.ts';

afterEach(cleanUp);
afterAll(collectGarbage);

const ruleSql = "SELECT stampede.slice AS slice, stampede.n AS n, timestamp() AS rule FROM 'stampede/#'";

interface Arrived {
  readonly slice: number;
  readonly n: number;
}

/** @param count arrivals to wait for */
async function startIotCore(
  count: number,
): Promise<{ iotCore: RunningIotCore; allArrived: Promise<readonly Arrived[]> }> {
  const arrived: Arrived[] = [];
  const { promise: allArrived, resolve } = Promise.withResolvers<readonly Arrived[]>();
  const iotCore = await runIotCore(
    iotCoreSettingsOf({
      ruleSql,
      invokeUrl: 'http://127.0.0.1:9',
      functionName: 'none',
      queue: { maximumBatchingWindowMs: 20 },
      listeners: { accessKeys: [testKey] },
    }),
    wallClock,
    (error) => {
      throw error;
    },
    async (event) => {
      const { Records } = JSON.parse(event.toString()) as { Records: { body: string }[] };
      arrived.push(...Records.map(({ body }) => JSON.parse(body) as Arrived));
      if (arrived.length >= count) resolve(arrived);
      return { kind: 'returned', payload: '{"batchItemFailures":[]}' };
    },
  );
  cleanUpLater(() => iotCore.close());
  return { iotCore, allArrived };
}

function makeTransport(profile: LoadProfile, iotCore: RunningIotCore): Promise<MakeTransport> {
  if (profile.connect.protocol === 'mqtt') {
    const endpoint = { scheme: 'mqtt', host: '127.0.0.1', port: iotCore.mqttPort, auth: 'none' } as const;
    return makeMqttTransport(profile, { endpoint, credentials: { auth: 'none' } }, makeSystemClock());
  }
  const { ackTimeoutMs } = profile.publish;
  const settings = httpsSettingsOf(`http://127.0.0.1:${iotCore.httpPort}`);
  return Promise.resolve(makeHttpsTransport({ ...settings, ackTimeoutMs }));
}

describe('a slice against the embedded IoT Core', () => {
  it.each([
    ['dense', { client: 'dense' }],
    ['device-sdk', { client: 'device-sdk' }],
    ['https', { protocol: 'https' }],
  ] as const)('over %s sends what it says it sent, and every message arrives', async (_name, connect) => {
    const { iotCore, allArrived } = await startIotCore(400);
    const plan = makeTestPlan(
      {
        devices: 20,
        ratePerSecond: 400,
        seconds: 1,
        echoFraction: 0.25,
        leadMs: 50,
        connectMs: 350,
        connect: { ...connect, ratePerSecond: 100 },
        // However busy the machine is.
        publish: { ackTimeoutMs: 10_000 },
      },
      Date.now(),
    );
    const result = await runSlice({
      plan,
      slice: 0,
      clock: makeSystemClock(),
      random: makeRandom(1, 0),
      transport: await makeTransport(onlyGroupOf(plan).profile, iotCore),
      onCheckpoint: async () => {},
      onSnapshot: () => {},
      stop: new AbortController().signal,
    });
    const isMqtt = onlyGroupOf(plan).profile.connect.protocol === 'mqtt';
    expect(result).toMatchObject({
      outcome: 'completed',
      devices: { planned: 20, connected: 20, connectFailed: 0, reconnects: 0 },
      messages: {
        intended: 400,
        sent: 400,
        dropped: 0,
        acked: 400,
        unacknowledged: 0,
        echoed: isMqtt ? 100 : 0,
      },
      disconnectedBy: {},
    });
    const received = new IntervalSet();
    for (const { n } of await allArrived) expect(received.add(n)).toBe(true);
    expect(received.encode()).toEqual(result.streams[0]!.sent);
    expect(result.latencies.echo_latency.count).toBe(isMqtt ? 100 : 0);
    expect(result.latencies.connect.count).toBe(isMqtt ? 20 : 0);
  });
});
