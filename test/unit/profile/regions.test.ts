import { describe, expect, it } from '@jest/globals';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import type { InputError } from '../../../src/shared/errors.ts';
import { inputErrorsOf } from '../../support/input-errors.ts';

const flat = { devices: 100, ratePerSecond: 10, duration: '60s' };
const twoRegions = { 'eu-west-1': 0.6, 'us-east-1': 0.4 };

function errorsOf(profile: object): readonly InputError[] {
  return inputErrorsOf(() => parseLoadProfile({ ...flat, ...profile }));
}

describe('the Regions of a profile', () => {
  it('are names and shares, in the order of the file', () => {
    expect(parseLoadProfile({ ...flat, regions: twoRegions }).regions).toEqual([
      { name: 'eu-west-1', share: 0.6 },
      { name: 'us-east-1', share: 0.4 },
    ]);
  });

  it('sum to 1 as decimals do', () => {
    const thirds = { 'eu-west-1': 0.333333, 'us-east-1': 0.333333, 'us-gov-east-1': 0.333334 };
    expect(parseLoadProfile({ ...flat, regions: thirds }).regions).toHaveLength(3);
  });

  it('have all their errors at once', () => {
    const regions = { Ireland: 0.6, 'eu-west-1': 0, 'us-east-1': 0.5 };
    const errors = errorsOf({
      regions,
      target: 'mqtt://127.0.0.1:1883',
      observe: 'presence',
      thresholds: { end_to_end_latency: [{ threshold: 'p(99)<500', abortOnFail: true }] },
    });
    expect(errors.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        'regions.Ireland',
        'regions.eu-west-1',
        'target',
        'observe',
        'thresholds.end_to_end_latency',
      ]),
    );
  });

  it.each([
    [{ 'eu-west-1': 0.6, 'us-east-1': 0.5 }, 'has shares that sum to 1.1'],
    [{ 'eu-west-1': 1 }, 'must have 2 to 10 Regions, not 1'],
  ])('%j: %s', (regions, message) => {
    expect(errorsOf({ regions })).toEqual([expect.objectContaining({ path: 'regions', message })]);
  });

  it('are no place for a search or for slices that subscribe', () => {
    const search = { of: 'rate', from: 10, to: 20 };
    expect(
      errorsOf({ regions: twoRegions, search, ratePerSecond: undefined, observers: ['rule', 'subscriber'] }),
    ).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ path: 'search', message: 'a search cannot be in several Regions' }),
        expect.objectContaining({ path: 'observers' }),
      ]),
    );
  });

  it('have shares that are numbers', () => {
    expect(errorsOf({ regions: { 'eu-west-1': '60%', 'us-east-1': 0.4 } })).toEqual([
      expect.objectContaining({ path: 'regions.eu-west-1' }),
    ]);
  });
});
