import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { drawMs } from '../../../../../src/embedded/iot-core/delay.ts';
import { ServerPool } from '../../../../../src/embedded/iot-core/rules/server-pool.ts';
import type { Delay } from '../../../../../src/profile/service-faults.ts';
import { makeRandom } from '../../../../../src/shared/random.ts';
import {
  type Mmc,
  meanTimeInSystem,
  meanWaitOfOneServer,
  quantileInSystem,
} from '../../../../support/queueing/mmc.ts';

/** Poisson arrivals. @returns waits and times in system */
function simulate(
  { servers, rate, messages }: Omit<Mmc, 'meanService'> & { messages: number },
  timeMs: Delay,
) {
  const [arrivals, services] = [makeRandom(3, 1), makeRandom(3, 2)];
  const pool = new ServerPool();
  const times = new Float64Array(messages);
  let waits = 0;
  let arrivalMs = 0;
  for (let n = 0; n < messages; n++) {
    arrivalMs -= Math.log(1 - arrivals()) / rate;
    const serviceMs = drawMs(timeMs, services);
    const startMs = pool.serve(arrivalMs, serviceMs, servers);
    waits += startMs - arrivalMs;
    times[n] = startMs - arrivalMs + serviceMs;
  }
  times.sort();
  const mean = times.reduce((sum, time) => sum + time, 0) / messages;
  return { mean, p99: times[Math.floor(messages * 0.99)]!, meanWait: waits / messages };
}

const within = (figure: number, formula: number) => Math.abs(figure / formula - 1);

describe('ServerPool', () => {
  it('starts each message when a queue that is followed from event to event does', () => {
    const message = fc.record({ gap: fc.nat(20), service: fc.nat(40) });
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        (messages, servers) => {
          let at = 0;
          const arrivals = messages.map(({ gap, service }) => {
            at += gap;
            return { at, service };
          });
          const pool = new ServerPool();
          const starts = arrivals.map(({ at, service }) => pool.serve(at, service, servers));
          expect(starts).toEqual(startsByTicks(arrivals, servers));
        },
      ),
    );
  });

  it.each([
    [1, 0.9],
    [4, 0.9],
    [20, 0.95],
  ])('keeps messages as long as M/M/c says, with %i servers at a load of %d', (servers, load) => {
    const queue = { servers, meanService: 10, rate: (load * servers) / 10 };
    const { mean, p99 } = simulate({ ...queue, messages: 1_000_000 }, { exponential: { meanMs: 10 } });
    expect(within(mean, meanTimeInSystem(queue))).toBeLessThan(0.05);
    expect(within(p99, quantileInSystem(queue, 0.99))).toBeLessThan(0.05);
  });

  // ln S is normal with deviation σ: E[S] = m e^(σ²/2), E[S²] = m² e^(2σ²).
  const sigma = Math.log(5) / 2.326_347_874;
  it.each<[string, Delay, number, number]>([
    ['fixed', 10, 10, 100],
    [
      'lognormal',
      { lognormal: { medianMs: 8, p99Ms: 40 } },
      8 * Math.exp(sigma ** 2 / 2),
      64 * Math.exp(2 * sigma ** 2),
    ],
    ['uniform', { uniform: { minMs: 0, maxMs: 20 } }, 10, 400 / 3],
  ])(
    'keeps one server’s queue as long as Pollaczek and Khinchine say: %s',
    (_, timeMs, mean, secondMoment) => {
      const rate = 0.7 / mean;
      const { meanWait } = simulate({ servers: 1, rate, messages: 1_000_000 }, timeMs);
      expect(within(meanWait, meanWaitOfOneServer(rate, mean, secondMoment))).toBeLessThan(0.03);
    },
  );
});

/** Time goes on tick by tick: servers that are free take the first of the queue. */
function startsByTicks(arrivals: readonly { at: number; service: number }[], servers: number): number[] {
  const starts: number[] = [];
  const busyUntil: number[] = [];
  for (let tick = 0; starts.length < arrivals.length; tick++) {
    for (;;) {
      const next = arrivals[starts.length];
      const busy = busyUntil.filter((until) => until > tick).length;
      if (next === undefined || next.at > tick || busy === servers) break;
      starts.push(tick);
      busyUntil.push(tick + next.service);
    }
  }
  return starts;
}
