import { afterAll, describe, expect, it } from '@jest/globals';
import { describeDevices } from '../../../src/device/slice-devices.ts';
import { silentListener } from '../../../src/device/transport.ts';
import { makeMqttTransport } from '../../../src/device/transports/mqtt.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { makeSystemClock } from '../../../src/shared/clock.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';
import { collectGarbage } from '../../support/device/transports/collect-garbage.ts';
import { connectClient, startTestIotCore } from '../../support/iot-core/fixture.ts';

afterAll(collectGarbage);

/** One device connects in a run, subscribes and leaves. @returns whether it found a session */
async function visit(
  port: number,
  runId: string,
  connect: object,
  received: string[] = [],
): Promise<boolean> {
  const profile = parseProfile({
    name: 'fleet',
    devices: 1,
    idle: true,
    duration: '1s',
    connect: { cleanStart: false, sessionExpiry: '10m', ...connect },
  });
  const plan = makePlan({ runId, now: Date.now(), profile });
  const [group] = groupsOf(plan);
  const endpoint = { scheme: 'mqtt', host: '127.0.0.1', port, auth: 'none' } as const;
  const way = { endpoint, credentials: { auth: 'none' } } as const;
  const make = await makeMqttTransport(group!.profile, way, makeSystemClock());
  const found = Promise.withResolvers<boolean>();
  const subscribed = Promise.withResolvers<void>();
  const transport = make(
    {
      ...silentListener,
      connected: (_device, _receiveMaximum, isResumed) => found.resolve(isResumed),
      connectFailed: (_device, reason) => found.reject(new Error(reason)),
      subscribed: () => subscribed.resolve(),
      received: (_device, { payload }) => void received.push(`${payload}`),
    },
    describeDevices(sliceOf(plan, 0)),
  );
  transport.connect(0);
  const isResumed = await found.promise;
  transport.subscribe(0, 'commands/all', 1);
  await subscribed.promise;
  await transport.close();
  return isResumed;
}

describe.each(['dense', 'device-sdk'])('a device of the client %s', (client) => {
  it('finds the session of an earlier run by a stable id, and what it kept', async () => {
    const iotCore = await startTestIotCore();
    const stable = { client, identity: 'stable' };
    expect(await visit(iotCore.mqttPort, 'run-1', stable)).toBe(false);
    const { client: publisher } = await connectClient(iotCore);
    await publisher.publishAsync('commands/all', 'while it slept', { qos: 1 });
    const received: string[] = [];
    expect(await visit(iotCore.mqttPort, 'run-2', stable, received)).toBe(true);
    expect(received).toEqual(['while it slept']);
  });

  it('finds none by an id of its run', async () => {
    const iotCore = await startTestIotCore();
    expect(await visit(iotCore.mqttPort, 'run-1', { client })).toBe(false);
    expect(await visit(iotCore.mqttPort, 'run-2', { client })).toBe(false);
  });
});
