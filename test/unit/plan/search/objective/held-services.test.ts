import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JudgedHold } from '../../../../../src/plan/search/judged-hold.ts';
import { isDraining } from '../../../../../src/plan/search/objective/control-level.ts';
import { answerObjective } from '../../../../../src/plan/search/objective/objective-answer.ts';
import type { ObjectiveSearch } from '../../../../../src/profile/search.ts';
import { makeRandom, type Random } from '../../../../../src/shared/random.ts';
import { randomCases, sizeOf } from '../../../../support/effort.ts';
import { holdService, objectiveSearch } from '../../../../support/queueing/held-service.ts';
import { kneeOf, quantileInSystem } from '../../../../support/queueing/mmc.ts';
import {
  makeQuota,
  makeServers,
  makeSharedServer,
  type SimulatedService,
  withPause,
} from '../../../../support/queueing/services.ts';

// Objectives held in simulated time, with the delays of a rehearsal: an interval takes eight seconds.

interface HeldService {
  readonly name: string;
  readonly settings: ObjectiveSearch;
  /** The level at which p99 is the objective; the quota where one comes first. */
  readonly right: number;
  make(random: Random): SimulatedService;
}

const share = 0.99;
const services: readonly HeldService[] = [
  {
    name: 'four servers behind a queue (M/M/4)',
    settings: { ...objectiveSearch, from: 200, to: 4_000, at: 200 },
    right: 1_000 * kneeOf({ servers: 4, meanService: 4 }, { share, atMost: 200 }),
    make: (random) => makeServers(4, 4, random),
  },
  {
    name: 'a quota that allows bursts',
    settings: { ...objectiveSearch, from: 200, to: 4_000 },
    right: 1_000,
    make: (random) => makeQuota({ perSecond: 1_000, burst: 1_000, delayMs: 20 }, random),
  },
  {
    name: 'a shared server that begins with a cold cache',
    settings: { ...objectiveSearch, from: 40, to: 800, at: 200 },
    // By simulation: p99 of M/M/1-PS has no closed form.
    right: 170,
    make: (random) => makeSharedServer({ meanMs: 5, coldFactor: 4, warmAfter: 100 }, random),
  },
];

const pauseAt = 150_000;
const tolerance = 0.2;
const seeds = Array.from({ length: sizeOf(10, 2) }, (_, i) => i + 1);

function hold({ settings, make }: HeldService, seed: number, isPaused = false): readonly JudgedHold[] {
  const random = makeRandom(seed, 1);
  const service = make(random);
  return holdService(isPaused ? withPause(service, pauseAt, 5_000) : service, settings, random);
}

const isNear = (right: number) => (each: Pick<JudgedHold, 'level'>) =>
  Math.abs(each.level / right - 1) <= tolerance;

describe.each(services)('the level for $name', (service) => {
  const { right, settings } = service;

  it('settles within a minute and stays, nine times of ten', () => {
    const unsettled = seeds.filter((seed) => {
      const judged = hold(service, seed);
      const { ended, settledAfterMs, level } = answerObjective(settings, judged, { ended: 'out-of-time' });
      const later = judged.filter(({ at, move }) => at > 60_000 && !isDraining(move));
      const isSettled = settledAfterMs !== null && settledAfterMs <= 60_000;
      return (
        ended !== 'found' || !isSettled || !isNear(right)({ level: level! }) || !later.every(isNear(right))
      );
    });
    expect(unsettled.length).toBeLessThanOrEqual(seeds.length / 10);
  });

  it.each(seeds)('recovers from a pause of five seconds without oscillating: %i', (seed) => {
    const judged = hold(service, seed, true);
    const after = judged.filter(({ holdUntil }) => holdUntil > pauseAt);
    // From the first interval that shows it until the level is back.
    const broken = after.findIndex(({ outcome }) => outcome === 'failed');
    const back = after.findIndex((each, i) => i > broken && !isDraining(each.move) && isNear(right)(each));
    expect(after[back]!.at - pauseAt).toBeLessThanOrEqual(60_000);
    const recovered = after.slice(back).filter(({ at }) => at < after[back]!.at + 60_000);
    const overshoots = recovered.filter(({ level }) => level > right * (1 + tolerance));
    expect(overshoots).toEqual([]);
    expect(recovered.filter(({ outcome }) => outcome === 'failed').length).toBeLessThanOrEqual(2);
    expect(recovered.filter(({ move }) => !isDraining(move)).every(isNear(right))).toBe(true);
  });
});

describe('the level for any service with servers behind a queue', () => {
  it('comes to where the formula has the objective, and stays there', () => {
    fc.assert(
      fc.property(
        fc.record({
          servers: fc.integer({ min: 1, max: 30 }),
          perSecond: fc.integer({ min: 300, max: 1_500 }),
          timesIdle: fc.double({ min: 1.5, max: 20, noNaN: true }),
          below: fc.double({ min: 3, max: 8, noNaN: true }),
          above: fc.double({ min: 1.3, max: 4, noNaN: true }),
          seed: fc.integer({ min: 1, max: 1e6 }),
        }),
        ({ servers, perSecond, timesIdle, below, above, seed }) => {
          const meanService = (1_000 * servers) / perSecond;
          const idleMs = quantileInSystem({ servers, meanService, rate: 1e-9 }, share);
          // A longer one takes longer to see than an interval lasts.
          const at = Math.min(2_000, Math.max(200, timesIdle * idleMs));
          const right = 1_000 * kneeOf({ servers, meanService }, { share, atMost: at });
          const settings = {
            ...objectiveSearch,
            at,
            from: Math.round(right / below),
            to: Math.round(right * above),
          };
          const make = (random: Random) => makeServers(servers, meanService, random);
          const judged = hold({ name: '', settings, right, make }, seed);
          const later = judged.filter((each) => each.at > 150_000);
          const levels = later.filter(({ move }) => !isDraining(move)).map(({ level }) => level);
          // p99 of three seconds is below that of the long run, more so where there are few messages.
          const near = levels.filter((level) => Math.abs(level / right - 1) <= 0.25);
          expect(levels.length).toBeGreaterThan(later.length / 2);
          expect(near.length / levels.length).toBeGreaterThanOrEqual(0.8);
          expect(later.filter(({ outcome }) => outcome === 'failed').length).toBeLessThan(later.length / 2);
        },
      ),
      { ...randomCases(16), seed: 1 },
    );
  });
});
