import { describe, expect, it } from '@jest/globals';
import { makeRateMeter } from '../../../../src/cli/run/rate-meter.ts';
import { makeRunId } from '../../../../src/shared/run-id.ts';

describe('rate meter', () => {
  it('measures growth over the last five seconds, of the instants that it gets', () => {
    const meter = makeRateMeter();
    expect(meter.measure(0, 0)).toBe(0);
    for (let second = 1; second <= 10; second += 1)
      expect(meter.measure(second * 100, second * 1000)).toBe(100);
    // Known better now.
    expect(meter.measure(1_050, 10_000)).toBe(110);
    expect(meter.measure(1_050, 12_000)).toBeCloseTo(350 / 5);
    expect(meter.measure(1_050, 17_000)).toBe(0);
  });
});

describe('run id', () => {
  it('is a valid execution name that says what and when', () => {
    const now = new Date('2026-11-21T00:44:12.345Z');
    expect(makeRunId('smoke', now, 0.5)).toBe('smoke-20261121T004412Z-8000');
    const long = makeRunId('Thermostats, floor 3 / küche '.repeat(9), now, 0.999999);
    expect(long).toMatch(/^[A-Za-z0-9_-]{1,80}$/);
    expect(long.endsWith('-20261121T004412Z-ffff')).toBe(true);
  });
});
