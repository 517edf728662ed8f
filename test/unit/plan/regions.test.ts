import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { accountOf } from '../../../src/plan/account.ts';
import { checkStoredPlan } from '../../../src/plan/check-plan.ts';
import { defaultDeployment } from '../../../src/plan/deployment.ts';
import { legSplitOf } from '../../../src/plan/legs.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { viewsOf } from '../../../src/plan/region-views.ts';
import {
  devicesIn,
  divideSlices,
  type RegionFacts,
  regionOfSlice,
  slicesHere,
} from '../../../src/plan/regions.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { enforceWalls } from '../../../src/plan/walls.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { sumBy } from '../../../src/shared/counts.ts';
import { randomCases } from '../../support/effort.ts';

const regions = { 'eu-west-1': 0.6, 'us-east-1': 0.4 };

function draftOf(profile: object, regionFacts?: RegionFacts) {
  return draftPlan({
    regionFacts,
    runId: 'r',
    now: 1_788_257_410_000,
    profile: parseLoadProfile({ devices: 1_000, ratePerSecond: 100, duration: '1m', regions, ...profile }),
  });
}

const copiesOf = (plan: Plan): Plan[] => plan.regions!.map(({ name }) => ({ ...plan, region: name }));

describe('a plan in Regions', () => {
  it('has contiguous slices in each, as many as its share, and more of them where two could not be divided so', () => {
    const { plan, errors } = draftOf({});
    expect(errors).toEqual([]);
    expect(plan.slices).toEqual({ count: 5, devicesPerSlice: 200 });
    expect(plan.regions).toEqual([
      { name: 'eu-west-1', slices: [{ from: 0, count: 3 }] },
      { name: 'us-east-1', slices: [{ from: 3, count: 2 }] },
    ]);
    expect(plan.regions!.map((region) => devicesIn(plan, region))).toEqual([600, 400]);
  });

  it('keeps to the devices that the profile wants in a slice', () => {
    const { plan } = draftOf({ slices: { devicesPerSlice: 250 } });
    expect(plan.regions!.map((region) => devicesIn(plan, region))).toEqual([500, 500]);
  });

  it('divides each group', () => {
    const { plan } = draftOf({
      devices: undefined,
      groups: { meters: { devices: 900 }, trackers: { devices: 100, connect: { protocol: 'https' } } },
    });
    expect(plan.regions!.map((region) => devicesIn(plan, region))).toEqual([600, 400]);
    expect(checkStoredPlan(plan)).toEqual([]);
  });

  it('has no Region without a slice', () => {
    expect(draftOf({ devices: 1 }).errors).toEqual([
      expect.objectContaining({
        path: 'regions.us-east-1',
        message: expect.stringMatching(/^would have none/),
      }),
    ]);
  });

  it('has every slice, device and message in exactly one of its copies', () => {
    const shares = fc.integer({ min: 5, max: 95 }).map((percent) => percent / 100);
    fc.assert(
      fc.property(fc.integer({ min: 40, max: 5_000 }), shares, (devices, share) => {
        const { plan } = draftOf({
          devices,
          regions: { 'eu-west-1': share, 'us-east-1': Number((1 - share).toFixed(2)) },
        });
        const copies = copiesOf(plan);
        const slices = copies.map((copy) => slicesHere(copy).map((slice) => sliceOf(copy, slice)));
        expect(slices.flat().map(({ slice }) => slice)).toEqual(slicesHere(plan));
        expect(sumBy(slices.flat(), (slice) => slice.devices)).toBe(devices);
        expect(sumBy(slices.flat(), ({ messages }) => messages)).toBe(plan.load.messages);
        for (const [i, copy] of copies.entries()) {
          const region = plan.regions![i]!;
          expect(sumBy(slices[i]!, (slice) => slice.devices)).toBe(devicesIn(plan, region));
          expect(slicesHere(copy).every((slice) => regionOfSlice(plan, slice) === region)).toBe(true);
          expect(checkStoredPlan(copy)).toEqual([]);
        }
        // Within a hundredth, or as near as twenty more slices come: of few devices a slice has one more or less than another.
        const off = Math.abs(devicesIn(plan, plan.regions![0]!) - share * devices);
        expect(off).toBeLessThanOrEqual(Math.max(0.03 * devices, 2));
      }),
      randomCases(200),
    );
  });

  it('divides by the largest remainder', () => {
    const thirds = [1 / 3, 1 / 3, 1 / 3].map((share, i) => ({ name: `r${i}`, share }));
    expect(divideSlices(10, thirds)).toEqual([4, 3, 3]);
    expect(
      divideSlices(2, [
        { name: 'a', share: 0.2 },
        { name: 'b', share: 0.8 },
      ]),
    ).toEqual([0, 2]);
  });
});

describe('limits that nothing lifts', () => {
  const facts = (more: object): RegionFacts => ({
    'eu-west-1': { account: accountOf({}), deployment: defaultDeployment },
    'us-east-1': { account: accountOf({}), deployment: { ...defaultDeployment, ...more } },
  });

  it('give every Region the legs that fit into the functions of each stack', () => {
    const { plan, walls } = draftOf({ duration: '10m' }, facts({ sliceSeconds: 300 }));
    const { count } = legSplitOf(plan);
    expect(walls).toEqual([]);
    expect(count).toBeGreaterThan(1);
    expect(viewsOf(plan).map((view) => legSplitOf(view).count)).toEqual([count, count]);
  });

  it('are stated once where they are the same in all', () => {
    const { walls } = draftOf({ duration: '31d', ratePerSecond: 1 });
    expect(walls.filter(({ path }) => path === 'stages').map(({ message }) => message)).toEqual([
      'in eu-west-1, us-east-1: a run lasts 720h at most, beside its start and its end',
    ]);
  });

  it('are of the cost in all Regions together', () => {
    const { walls } = draftOf({ duration: '22h', ratePerSecond: 1_000 });
    expect(walls.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      expect.stringMatching(/^limits\.maxCostUsd: \$[\d,.]+ forecast, and a run in legs/),
    ]);
  });

  it('are enforced by a Region of a plan that was made elsewhere', () => {
    const ceilings = {
      maxCostUsd: null,
      maxDevices: 300,
      maxMessagesPerSecond: null,
      maxConcurrentExecutions: null,
      allowForce: true,
    };
    const { plan } = draftOf({}, facts({ ceilings }));
    const [first, second] = copiesOf(plan);
    expect(() => enforceWalls(first!)).not.toThrow();
    expect(() => enforceWalls(second!)).toThrow(/in us-east-1: 400 devices planned/);
  });
});

describe('a stored plan in Regions', () => {
  const { plan } = draftOf({});
  const pathsOf = (changed: Plan) => checkStoredPlan(changed).map(({ path }) => path);

  it('is refused with a slice in two Regions, or in none', () => {
    const [first, second] = plan.regions!;
    const move = (from: number, count: number) => [first!, { ...second!, slices: [{ from, count }] }];
    expect(pathsOf({ ...plan, regions: move(2, 3) })).toEqual([
      'regions[1].slices[0].from',
      'regions[1].slices[0].count',
    ]);
    expect(pathsOf({ ...plan, regions: move(3, 1) })).toEqual(['regions']);
    expect(pathsOf({ ...plan, regions: [first!, { ...second!, slices: [] }] })).toEqual([
      'regions[1].slices',
    ]);
  });

  it('is refused with a Region that the profile does not have', () => {
    expect(pathsOf({ ...plan, region: 'eu-west-2' })).toEqual(['region']);
    const { regions: _, ...without } = plan;
    expect(pathsOf({ ...without, region: 'eu-west-1' })).toEqual(['regions']);
  });
});
