import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { renderSparkline } from '../../../src/report/sparkline.ts';
import { randomCases } from '../../support/effort.ts';

describe('renderSparkline', () => {
  it('draws rates from zero', () => {
    expect(renderSparkline([0, 50, 100, 100, 25, 0], 60, 'fromZero')).toBe('▁▅██▃▁');
  });

  it('draws latencies by their logarithm, and noise as noise', () => {
    expect(renderSparkline([1, 10, 100, 1], 60, 'logarithmic')).toBe('▁▅█▁');
    expect(renderSparkline([10, 11, 10.5], 60, 'logarithmic')).toBe('▁▂▁');
  });

  it('keeps the spike, the stall and the gap where values share a column', () => {
    const at = (odd: number) =>
      Array.from({ length: 600 }, (_, i) => (i === 301 ? odd : i > 400 && i < 500 ? null : 100));
    const latencies = renderSparkline(at(9_000), 60, 'logarithmic');
    expect([...latencies]).toHaveLength(60);
    expect(latencies.indexOf('█')).toBe(30);
    expect(latencies.slice(41, 49)).toBe(' '.repeat(8));
    const stalled = at(0).fill(0, 300, 305);
    expect(renderSparkline(stalled, 60, 'fromZero').slice(29, 32)).toBe('█▅█');
  });

  it('never exceeds its columns, whatever it is given', () => {
    const value = fc.oneof(fc.constant(null), fc.double({ min: -1e9, max: 1e9, noNaN: true }));
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 500 }),
        fc.integer({ min: 1, max: 100 }),
        (values, columns) => {
          for (const scale of ['fromZero', 'logarithmic'] as const) {
            expect(renderSparkline(values, columns, scale)).toMatch(
              new RegExp(`^[▁▂▃▄▅▆▇█ ]{0,${columns}}$`),
            );
          }
        },
      ),
      randomCases(),
    );
  });
});
