import { describe, expect, it } from '@jest/globals';
import { ServerPool } from '../../../../src/embedded/iot-core/rules/server-pool.ts';
import type { CapacitySearch } from '../../../../src/profile/search.ts';
import { sumOf } from '../../../../src/shared/counts.ts';
import { makeRandom, type Random } from '../../../../src/shared/random.ts';
import { capacitySearch, searchService } from '../../../support/plan/simulated-service.ts';
import { kneeOf, type Mmc } from '../../../support/queueing/mmc.ts';

/** p99 of the time in system of Poisson arrivals in a hold, after the load has settled; milliseconds. */
function p99OfHold({ servers, meanService, rate }: Mmc, settings: CapacitySearch, random: Random): number {
  const exponential = (mean: number) => -mean * Math.log(1 - random());
  const pool = new ServerPool();
  const times: number[] = [];
  const untilMs = settings.settleMs + settings.holdMs;
  for (let atMs = exponential(1 / rate); atMs < untilMs; atMs += exponential(1 / rate)) {
    const serviceMs = exponential(meanService);
    const startMs = pool.serve(atMs, serviceMs, servers);
    if (atMs >= settings.settleMs) times.push(startMs + serviceMs - atMs);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.99)] ?? 0;
}

describe('a search of M/M/c', () => {
  // Holds of 20 s at precision 5%: chance moves p99 of a hold by a tenth, and the knee, where p99 climbs steeply, by a hundredth.
  const settings: CapacitySearch = { ...capacitySearch, settleMs: 10_000, holdMs: 20_000 };

  it.each([
    { servers: 20, meanService: 50, atMost: 300, from: 100, to: 1_600 },
    { servers: 4, meanService: 10, atMost: 100, from: 50, to: 800 },
  ])('ends within 5% of the knee of the formula, ten times of ten: $servers servers', (service) => {
    const { servers, meanService, atMost, from, to } = service;
    const knee = 1_000 * kneeOf(service, { share: 0.99, atMost });
    for (let seed = 1; seed <= 10; seed++) {
      const random = makeRandom(seed, 1);
      const { answer } = searchService({ ...settings, from, to }, (level) => {
        const p99 = p99OfHold({ servers, meanService, rate: level / 1_000 }, settings, random);
        return p99 <= atMost ? 'passed' : 'failed';
      });
      expect(answer.ended).toBe('found');
      expect(Math.abs(answer.holds! / knee - 1)).toBeLessThan(0.05);
    }
  });

  // p99 of one hold is a sample: with 1.2 % more of it for 1 % more load, as at a half-idle server, chance moves the knee by several percent.
  it.each([
    { servers: 1, meanService: 10, atMost: 100, from: 10, to: 90, confirm: 2, within: [9, 17] },
    { servers: 1, meanService: 10, atMost: 100, from: 10, to: 90, confirm: 3, within: [13, 18] },
    { servers: 1, meanService: 5, atMost: 50, from: 20, to: 190, confirm: 2, within: [15, 19] },
  ])('is off by chance alone, and by as much as documented, where p99 climbs slowly: %j', (service) => {
    const { servers, meanService, atMost, from, to, confirm, within } = service;
    const knee = 1_000 * kneeOf(service, { share: 0.99, atMost });
    const errors = Array.from({ length: 20 }, (_, seed) => {
      const random = makeRandom(seed + 1, 3);
      const byDefault = { ...capacitySearch, settleMs: 15_000, holdMs: 60_000, from, to, confirm };
      const { answer } = searchService(byDefault, (level) => {
        const p99 = p99OfHold({ servers, meanService, rate: level / 1_000 }, byDefault, random);
        return p99 <= atMost ? 'passed' : 'failed';
      });
      return (answer.holds ?? 0) / knee - 1;
    });
    const within5 = errors.filter((error) => Math.abs(error) < 0.05).length;
    const within10 = errors.filter((error) => Math.abs(error) < 0.1).length;
    expect(within5).toBeGreaterThanOrEqual(within[0]!);
    expect(within10).toBeGreaterThanOrEqual(within[1]!);
    // The level that holds is below the knee by half a step on average: the order of the levels adds no error of its own.
    const mean = sumOf(errors) / errors.length;
    expect(mean).toBeGreaterThan(-0.05);
    expect(mean).toBeLessThan(0.025);
  });
});
