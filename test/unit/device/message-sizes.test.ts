import { describe, expect, it } from '@jest/globals';
import { makeMessageSizes } from '../../../src/device/message-sizes.ts';
import { PayloadWriter } from '../../../src/device/payload.ts';
import { kindsOf } from '../../../src/plan/kinds.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import { meanMessageBytes, messageBytes, meteredSize } from '../../../src/plan/message-size.ts';
import { shareAbove } from '../../../src/profile/size-distribution.ts';
import { InvalidInputError } from '../../../src/shared/errors.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';
import { onlyGroupOf } from '../../support/plan/only-group.ts';

const load = { devices: 100, ratePerSecond: 100, duration: '10s' };

function publishOf(sizeBytes: unknown) {
  return parseProfile({ ...load, publish: { sizeBytes } }).publish;
}

function errorsOf(sizeBytes: unknown): (readonly [string, string])[] {
  try {
    publishOf(sizeBytes);
  } catch (error) {
    if (error instanceof InvalidInputError) return error.errors.map(({ path, message }) => [path, message]);
    throw error;
  }
  return [];
}

const distributions = [
  '200..800',
  '9000..9000',
  { normal: { mean: 5_000, sd: 1_000 } },
  { normal: { mean: 500, sd: 0 } },
  { exponential: 6_000 },
  { exponential: 100_000 },
];

describe('sizes by distribution', () => {
  it('are what the setting says, the largest within what the target takes', () => {
    expect(publishOf(512)).toMatchObject({ sizeBytes: 512 });
    expect(publishOf(512).sizes).toBeUndefined();
    expect(publishOf('200..800')).toMatchObject({
      sizeBytes: 800,
      sizes: { kind: 'uniform', leastBytes: 200 },
    });
    expect(publishOf({ normal: { mean: 500, sd: 100 } })).toMatchObject({
      sizeBytes: 900,
      sizes: { kind: 'normal', meanBytes: 500, sdBytes: 100 },
    });
    expect(publishOf({ exponential: 2_000 })).toMatchObject({ sizeBytes: 20_000 });
    expect(publishOf({ exponential: 100_000 })).toMatchObject({ sizeBytes: 131_072 });
  });

  it('are refused where they are none, or too large', () => {
    expect(errorsOf('800..200')).toEqual([['publish.sizeBytes', '"800..200" ends before it begins']]);
    expect(errorsOf({})).toEqual([['publish.sizeBytes', 'must have exponential or normal']]);
    expect(errorsOf('1..200000')).toEqual([['publish.sizeBytes', 'must be at most 131072, not 200000']]);
    expect(errorsOf({ exponential: 200_000 })).toEqual([
      ['publish.sizeBytes', 'must be at most 131072, not 200000'],
    ]);
    expect(errorsOf('200-800')[0]?.[0]).toBe('publish.sizeBytes');
  });

  it.each(distributions)('are drawn as they are said to be: %j', (sizeBytes) => {
    const publish = publishOf(sizeBytes);
    const sizes = publish.sizes!;
    const sizeOf = makeMessageSizes(publish, 1);
    const drawn = Array.from({ length: 20_000 }, (_, i) => sizeOf(i % 100, Math.floor(i / 100)));
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(publish.sizeBytes);
    for (let i = 0; i <= 20; i++) {
      const size = Math.floor((publish.sizeBytes * i) / 20);
      const above = drawn.filter((each) => each > size).length / drawn.length;
      // Four standard deviations of a share of 20,000.
      expect(Math.abs(above - shareAbove({ ...publish, sizes }, size))).toBeLessThan(
        (4 * 0.5) / Math.sqrt(20_000),
      );
    }
  });

  it.each(distributions)('are what messages are padded to, priced and planned by: %j', (sizeBytes) => {
    const profile = parseProfile({ ...load, publish: { sizeBytes } });
    const { plan } = draftPlan({ profile, runId: 'run-1', now: 0 });
    const group = onlyGroupOf(plan);
    const writer = new PayloadWriter({
      ...profile.publish,
      runId: 'run-1',
      slice: 0,
      indexOf: (device: number) => device,
      devices: 100,
      seed: 1,
      offsetMsOf: (n) => n,
    });
    const count = 20_000;
    const topicBytes = meteredSize(kindsOf(group)[0]!).meteredBytes - meanMessageBytes(group);
    let bytes = 0;
    let metered = 0;
    let longest = 0;
    for (let n = 0; n < count; n++) {
      const message = writer.write({ n, device: n % 100, k: Math.floor(n / 100), atMs: 1e12 }, 1e12);
      longest = Math.max(longest, message.length);
      bytes += message.length;
      metered += Math.ceil((message.length + topicBytes) / 5_120);
    }
    expect(longest).toBeLessThanOrEqual(messageBytes(group));
    const { meteredMessages } = meteredSize(group as never);
    // The mean of 20,000 messages is within 1 % of the expected one.
    expect(bytes / count / meanMessageBytes(group)).toBeCloseTo(1, 1.7);
    expect(
      metered / count / (meteredMessages ?? Math.ceil((messageBytes(group) + topicBytes) / 5_120)),
    ).toBeCloseTo(1, 1.7);
  });

  it('are the same with the same seed, whatever was sent before', () => {
    const publish = publishOf('200..800');
    const [one, other] = [makeMessageSizes(publish, 7), makeMessageSizes(publish, 7)];
    other(3, 9);
    expect(one(5, 2)).toBe(other(5, 2));
    expect([0, 1, 2, 3].map((k) => one(5, k))).not.toEqual(
      [0, 1, 2, 3].map((k) => makeMessageSizes(publish, 8)(5, k)),
    );
  });
});
