import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  describeDefaults,
  limitsDatedAt,
  type RegionalLimit,
  regionalLimits,
  sizeOfRegion,
} from '../../../../src/targets/aws-iot/default-limits.ts';
import { accountLimitsOf, type QuotaName } from '../../../../src/targets/aws-iot/quotas.ts';
import { randomCases } from '../../../support/effort.ts';

const entries = Object.entries(regionalLimits) as [QuotaName, RegionalLimit][];

describe('AWS’s limits by Region', () => {
  it.each(entries)('%s is above 0, and in a smaller Region no higher', (name, { large, small }) => {
    expect(small).toBeGreaterThan(0);
    expect(large).toBeGreaterThanOrEqual(small);
    expect([accountLimitsOf('default')[name], accountLimitsOf('small')[name]]).toEqual([large, small]);
  });

  it('are those of a smaller Region wherever nothing is known', () => {
    const known = ['us-east-1', 'us-west-2', 'eu-west-1'];
    expect(known.map(sizeOfRegion)).toEqual(['large', 'large', 'large']);
    const others = fc.oneof(fc.string(), fc.constantFrom('ap-northeast-2', 'eu-central-1', 'toString', ''));
    fc.assert(
      fc.property(others, (region) => {
        fc.pre(!known.includes(region));
        expect(sizeOfRegion(region)).toBe('small');
      }),
      randomCases(),
    );
  });

  it('are named with their date and their Region, and with what else is reported', () => {
    expect(limitsDatedAt).toMatch(/^20\d\d-\d\d$/);
    expect(describeDefaults()).toBe(describeDefaults('us-east-1'));
    expect(describeDefaults('ap-northeast-2')).toBe(
      `AWS’s defaults of ${limitsDatedAt} for ap-northeast-2, not read from your account; most Regions are reported to allow 3,000 connects/s.`,
    );
    expect(describeDefaults('eu-central-1')).toBe(
      `AWS’s defaults of ${limitsDatedAt} for smaller Regions, because those of eu-central-1 are not known here. They were not read from your account; most Regions are reported to allow 3,000 connects/s.`,
    );
  });
});
