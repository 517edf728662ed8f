import { describe, expect, it } from '@jest/globals';
import { bindingQuotaOf } from '../../../src/report/throttling.ts';
import { runOf } from '../../support/report/report-fixture.ts';

const { plan } = runOf();
const nothing = { reported: 0, unreported: 0, publishes: 0, refusals: [] };
const seen = { sums: { 'PublishIn.Success': 1 }, requested: [] };

function sentenceOf(quota: 'connectsPerSecond' | 'publishInPerSecond', headroom: number, cloudwatch = seen) {
  const use = {
    quota,
    name: quota,
    unit: '/s',
    limit: 100,
    peak: 100 * (1 - headroom),
    isLive: false,
    headroom,
  };
  return bindingQuotaOf(plan, [use], nothing, cloudwatch)!.sentence;
}

describe('the sentence on the binding quota', () => {
  it('says of what is refused past a limit that none of it was, or that nothing is known yet', () => {
    expect(sentenceOf('connectsPerSecond', -0.2)).toBe(
      'connectsPerSecond: 20 % more than the limit; the service refused none of it (Connect.Throttle 0)',
    );
    expect(sentenceOf('publishInPerSecond', -0.2, { sums: {} as never, requested: [] })).toBe(
      'publishInPerSecond: 20 % more than the limit; CloudWatch has no data yet of what was refused (PublishIn.Throttle)',
    );
  });

  it('calls delayed only what is past a connection’s bytes', () => {
    const heavy = runOf(
      {},
      { devices: 8, publish: { sizeBytes: 20_000 }, slices: { devicesPerSlice: 2 } },
    ).plan;
    const { quota, sentence } = bindingQuotaOf(heavy, [], nothing, seen)!;
    expect(quota).toBe('bytesPerSecondPerConnection');
    expect(sentence).toMatch(
      /more than the limit by the plan; the excess is delayed, which no metric counts$/,
    );
  });

  it('does not claim that nothing was refused where CloudWatch has not spoken', () => {
    expect(sentenceOf('connectsPerSecond', 0.1)).toBe(
      'connectsPerSecond is nearest to its limit, with 10 % headroom; nothing was refused for a quota',
    );
    expect(sentenceOf('connectsPerSecond', 0.1, { sums: {} as never, requested: [] })).toBe(
      'connectsPerSecond is nearest to its limit, with 10 % headroom; CloudWatch has no data yet of what was refused',
    );
  });
});
