import { expect, it } from '@jest/globals';
import { Subscriber } from '../../../src/device/subscriber.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { firstSubscriberSlice } from '../../../src/plan/subscribers.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';
import { SimulatedTransport } from '../../support/device/simulated-transport.ts';
import { VirtualClock } from '../../support/device/virtual-clock.ts';

it('a subscriber that loses its connection waits a second from its last CONNACK at least', async () => {
  const profile = parseProfile({
    devices: 10,
    ratePerSecond: 100,
    duration: '5s',
    observers: ['rule', 'subscriber'],
  });
  const target = {
    kind: 'aws-iot',
    endpoints: [{ scheme: 'mqtt', host: '127.0.0.1', port: 1883, auth: 'none' }],
  } as const;
  const clock = new VirtualClock();
  const plan = makePlan({ runId: 'run-1', now: clock.now(), profile, target });
  const attempts: number[] = [];
  let transport: SimulatedTransport | undefined;
  const subscriber = new Subscriber({
    plan,
    slice: firstSubscriberSlice,
    transport: (listener) => {
      const connect = (client: number, nowMs: number) => {
        if (client === 0) attempts.push(nowMs);
        return 900;
      };
      transport = new SimulatedTransport(clock, { connect }, listener);
      return transport;
    },
    samplesBroker: false,
    clock,
    // The shortest backoff that there is.
    random: () => 0,
    onRefused() {},
  });
  subscriber.start();
  const startedAt = clock.now();
  const passed = Promise.withResolvers<void>();
  clock.setTimer(910, () => transport!.cut(0));
  clock.setTimer(3_000, passed.resolve);
  await clock.runUntil(passed.promise);
  expect(attempts.map((atMs) => atMs - startedAt)).toEqual([0, 1_900]);
  await subscriber.close();
});
