import { describe, expect, it } from '@jest/globals';
import { Faults } from '../../../../../src/embedded/iot-core/faults.ts';
import type { RuleTarget } from '../../../../../src/embedded/iot-core/rules/rules-engine.ts';
import { ServedTarget } from '../../../../../src/embedded/iot-core/rules/served-target.ts';
import { noFaults, type ServiceTime } from '../../../../../src/profile/service-faults.ts';
import { makeRandom } from '../../../../../src/shared/random.ts';
import { VirtualClock } from '../../../../support/device/virtual-clock.ts';
import { meanTimeInSystem, quantileInSystem, refusedShare } from '../../../../support/queueing/mmc.ts';

const startMs = 1_700_000_000_000;

/** A service in virtual time; its target keeps when each message came to the service and when it left. */
function makeService(serviceTime: ServiceTime) {
  const clock = new VirtualClock(startMs);
  const faults = new Faults(clock, { ...noFaults, serviceTime });
  const left: { readonly cameMs: number; readonly leftMs: number; readonly atMs: number }[] = [];
  const target: RuleTarget = {
    actionType: 'SQS',
    send(body, leftMs) {
      left.push({ cameMs: body.readDoubleBE(0), leftMs, atMs: clock.now() });
      return true;
    },
  };
  const served = new ServedTarget(target, faults, clock);
  const send = () => {
    const body = Buffer.alloc(8);
    body.writeDoubleBE(clock.now());
    return served.send(body, clock.now());
  };
  const advance = (ms: number) =>
    clock.runUntil(new Promise<void>((resolve) => void clock.setTimer(ms, resolve)));
  return { clock, faults, left, send, advance };
}

/** Sends messages at instants of a Poisson process, and waits until the service is empty. */
async function loadWith(serviceTime: ServiceTime, ratePerMs: number, messages: number) {
  const service = makeService(serviceTime);
  const random = makeRandom(11, 1);
  const { clock } = service;
  await clock.runUntil(
    new Promise<void>((resolve) => {
      let sent = 0;
      const next = (): void => {
        void service.send();
        if (++sent === messages) resolve();
        else clock.setTimer(-Math.log(1 - random()) / ratePerMs, next);
      };
      clock.setTimer(0, next);
    }),
  );
  const elapsedMs = clock.now() - startMs;
  const duringLoad = service.left.length;
  while (service.faults.report().deliveriesInFlight > 0) await service.advance(1_000);
  const times = service.left.map(({ cameMs, leftMs }) => leftMs - cameMs).sort((a, b) => a - b);
  return {
    ...service,
    elapsedMs,
    duringLoad,
    mean: times.reduce((sum, time) => sum + time, 0) / times.length,
    p99: times[Math.floor(times.length * 0.99)]!,
  };
}

/** How far a figure is from what a formula says, as a share of it. */
const within = (figure: number, formula: number) => Math.abs(figure / formula - 1);

const exponential = (meanMs: number) => ({ exponential: { meanMs } });

describe('a service behind the rule', () => {
  it.each([
    [1, 0.3, 60_000],
    [4, 0.5, 60_000],
    [4, 0.7, 120_000],
    [20, 0.8, 120_000],
  ])(
    'keeps messages as long as M/M/c says, with %i servers at a load of %d',
    async (servers, load, messages) => {
      const served = await loadWith({ servers, timeMs: exponential(100) }, (load * servers) / 100, messages);
      // As it came out: chance moves the load itself by a few parts in a thousand.
      const rate = messages / served.elapsedMs;
      const meanService = served.faults.report().servedDeliveriesMs / messages;
      const queue = { servers, meanService, rate };
      expect(within(served.mean, meanTimeInSystem(queue))).toBeLessThan(0.03);
      expect(within(served.p99, quantileInSystem(queue, 0.99))).toBeLessThan(0.03);
      const { servedDeliveries, servedDeliveriesMs, waitedDeliveriesMs } = served.faults.report();
      expect(servedDeliveries).toBe(messages);
      // Stamps are whole milliseconds, rounded down.
      expect(Math.abs((servedDeliveriesMs + waitedDeliveriesMs) / messages - served.mean)).toBeLessThan(1);
    },
  );

  it('delivers c / S where more arrives, and keeps the rest', async () => {
    const served = await loadWith({ servers: 4, timeMs: exponential(20) }, 0.3, 30_000);
    expect(within(served.duringLoad / served.elapsedMs, 0.2)).toBeLessThan(0.02);
    expect(served.left).toHaveLength(30_000);
  });

  it('serves 20,000 messages a second of fractional service times at one timer a millisecond', async () => {
    const service = makeService({ servers: 1, timeMs: 0.05 });
    let timers = 0;
    const { setTimer } = service.clock;
    service.clock.setTimer = (delayMs, fn) => {
      timers++;
      return setTimer.call(service.clock, delayMs, fn);
    };
    for (let n = 0; n < 20_000; n++) void service.send();
    await service.advance(999);
    // A sum of 0.05 is not whole: what leaves with a millisecond may leave with the next one.
    expect(service.left.length).toBeGreaterThanOrEqual(19_960);
    expect(service.left.length).toBeLessThanOrEqual(19_980);
    await service.advance(2);
    expect(service.left).toHaveLength(20_000);
    expect(timers).toBeLessThan(1_010);
  });

  it('stamps what leaves with that instant, however late its timer', async () => {
    const service = makeService({ servers: 1, timeMs: 10 });
    void service.send();
    void service.send();
    service.clock.stall(50);
    await service.advance(0);
    expect(service.left).toMatchObject([
      { leftMs: startMs + 10, atMs: startMs + 50 },
      { leftMs: startMs + 20, atMs: startMs + 50 },
    ]);
  });

  it('holds back in a pause what leaves meanwhile', async () => {
    const service = makeService({ servers: 1, timeMs: 10 });
    void service.send();
    service.faults.pause(100);
    await service.advance(99);
    expect(service.left).toEqual([]);
    await service.advance(1);
    expect(service.left).toMatchObject([{ leftMs: startMs + 100 }]);
  });

  it('refuses what its full queue has no place for, the share that M/M/c/K says', async () => {
    const served = await loadWith({ servers: 2, timeMs: exponential(20), queueLimit: 5 }, 0.11, 60_000);
    const { refusedDeliveries, servedDeliveries } = served.faults.report();
    expect(refusedDeliveries + servedDeliveries).toBe(60_000);
    const expected = refusedShare({ servers: 2, meanService: 20, rate: 0.11 }, 5);
    expect(within(refusedDeliveries / 60_000, expected)).toBeLessThan(0.05);
  });

  it('reports what it refuses as a failure of the rule’s action', async () => {
    const service = makeService({ servers: 1, timeMs: 10, queueLimit: 1 });
    const outcomes = [service.send(), service.send(), service.send()];
    expect(outcomes[2]).toMatchObject({
      errorMessage: expect.stringMatching(/queue of the service is full/),
    });
    await service.advance(21);
    expect(await Promise.all(outcomes.slice(0, 2))).toEqual([true, true]);
  });

  it('changes while it runs: waiting messages keep their instants, later ones stay behind them', async () => {
    const service = makeService({ servers: 1, timeMs: 100 });
    for (let n = 0; n < 3; n++) void service.send();
    service.faults.change({ ...noFaults, serviceTime: { servers: 10, timeMs: 1 } });
    void service.send();
    await service.advance(199);
    expect(service.left).toMatchObject([{ leftMs: startMs + 100 }]);
    await service.advance(102);
    expect(service.left.map(({ leftMs }) => leftMs - startMs)).toEqual([100, 200, 201, 300]);
    service.faults.change(noFaults);
    expect(service.send()).toBe(true);
  });
});
