import { describe, expect, it } from '@jest/globals';
import { embeddedRegionsOf } from '../../../../src/cli/options/region-flags.ts';
import { inputErrorsOf } from '../../../support/input-errors.ts';

const names = ['eu-west-1', 'ap-northeast-2'];

describe('--in', () => {
  it('gives one Region quotas and faults beside those of all, and of its size', () => {
    const [first, second] = embeddedRegionsOf(
      names,
      {
        quota: ['publishIn=900'],
        in: ['eu-west-1:connects=50', 'ap-northeast-2:faults={"clockOffsetMs":80}'],
      },
      { dropDeliveries: 0.1 },
    );
    expect(first).toMatchObject({
      name: 'eu-west-1',
      quotas: { limits: { publishInPerSecond: 900, connectsPerSecond: 50 } },
      faults: { dropDeliveries: 0.1 },
    });
    // A small Region allows 100 connects a second.
    expect(second).toMatchObject({
      name: 'ap-northeast-2',
      quotas: { limits: { publishInPerSecond: 900, connectsPerSecond: 100 } },
      faults: { dropDeliveries: 0.1, clockOffsetMs: 80 },
    });
    expect(first!.faults).not.toHaveProperty('clockOffsetMs');
  });

  it('has all its errors at once', () => {
    const given = [
      'eu-west-2:connects=10',
      'eu-west-1:conects=10',
      'eu-west-1:faults={"drop":1}',
      'connects=1',
    ];
    const errors = inputErrorsOf(() => embeddedRegionsOf(names, { in: given }));
    expect(errors).toHaveLength(4);
    expect(errors[0]).toMatchObject({ message: 'names no Region of the profile' });
    expect(errors.slice(1).map(({ path }) => path)).toEqual([
      '--in eu-west-1:faults drop',
      '--in connects=1',
      '--in eu-west-1:conects=10',
    ]);
    // Those of all Regions are listed once.
    expect(inputErrorsOf(() => embeddedRegionsOf(names, { quota: ['conects=10'] }))).toEqual([
      expect.objectContaining({ path: '--quota conects=10' }),
    ]);
  });

  it('needs a profile with Regions', () => {
    expect(inputErrorsOf(() => embeddedRegionsOf([], { in: ['eu-west-1:connects=10'] }))).toEqual([
      expect.objectContaining({ hint: 'the profile has no regions' }),
    ]);
  });
});
