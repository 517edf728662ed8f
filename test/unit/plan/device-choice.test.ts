import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { chosenCount, makeDeviceChoice } from '../../../src/plan/device-choice.ts';
import { stormChoice } from '../../../src/plan/storms.ts';
import { makeTestPlan } from '../../support/device/make-run.ts';
import { randomCases } from '../../support/effort.ts';
import { onlyGroupOf } from '../../support/plan/only-group.ts';

const indexes = (devices: number) => Array.from({ length: devices }, (_, device) => device);

describe('the devices that an action is for', () => {
  it('are exactly the share, whatever seed, share and number of devices', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(),
        fc.nat({ max: 1_000_000 }),
        (devices, share, seed, salt) => {
          const isChosen = makeDeviceChoice({ devices, share, seed, salt });
          expect(indexes(devices).filter(isChosen)).toHaveLength(chosenCount({ devices, share }));
        },
      ),
      randomCases(100),
    );
  });

  it('are others for another seed and another instant, and the same for the same', () => {
    const choose = (seed: number, salt: number) =>
      indexes(1_000)
        .filter(makeDeviceChoice({ devices: 1_000, share: 0.3, seed, salt }))
        .join();
    expect(choose(1, 1)).toBe(choose(1, 1));
    expect(new Set([choose(1, 1), choose(2, 1), choose(1, 2)]).size).toBe(3);
  });

  it('are spread evenly over the slices', () => {
    const isChosen = makeDeviceChoice({ devices: 10_000, share: 0.2, seed: 42, salt: 30_000 });
    const counts = Array.from(
      { length: 20 },
      (_, slice) => indexes(500).filter((device) => isChosen(slice * 500 + device)).length,
    );
    // Of 100 expected, hypergeometric: five standard deviations.
    for (const count of counts) expect(Math.abs(count - 100)).toBeLessThan(5 * Math.sqrt(100 * 0.8));
    expect(counts.reduce((sum, count) => sum + count)).toBe(2_000);
  });

  it('do not depend on when the run takes place', () => {
    const choose = (createdAt: number) => {
      const group = onlyGroupOf(makeTestPlan({ devices: 100 }, createdAt));
      return indexes(100).filter(stormChoice(group, { share: 0.5, at: group.timeline.publishAt + 2_000 }));
    };
    expect(choose(1_700_000_000_000)).toEqual(choose(1_800_000_000_000));
  });
});
