import { describe, expect, it } from '@jest/globals';
import { medianOf } from '../../../scripts/bench/figure.ts';
import { measureInRounds } from '../../../scripts/bench/rounds.ts';
import { renderTable } from '../../../scripts/bench/table.ts';

const same = (value: number): number => value;

describe('measuring in rounds', () => {
  it('measures side by side, and compares within a round', async () => {
    const order: string[] = [];
    let slowness = 1;
    const measured = await measureInRounds(
      3,
      {
        ours: async () => {
          order.push('ours');
          return slowness * 2;
        },
        theirs: async () => {
          order.push('theirs');
          // The machine gets slower from round to round, for both.
          const value = slowness * 6;
          slowness *= 10;
          return value;
        },
      },
      () => {},
    );
    expect(order).toEqual(['ours', 'theirs', 'ours', 'theirs', 'ours', 'theirs']);
    expect(measured.median('ours', same)).toBe(20);
    const [ratio] = measured.ratios('ours', same, { theirs: { atMost: 0.5 } });
    expect(ratio?.to).toBe('theirs');
    expect(ratio?.value).toBeCloseTo(1 / 3, 12);
  });

  it('leaves out a subject from where it fails, and says why', async () => {
    const failures: string[] = [];
    let calls = 0;
    const measured = await measureInRounds(
      3,
      {
        sound: async () => 2,
        frail: async () => {
          if (++calls === 2) throw new Error('out of breath');
          return 4;
        },
        absent: () => Promise.reject(new Error('not installed')),
      },
      (failure) => failures.push(failure),
    );
    expect(failures).toEqual(['absent: not installed', 'frail: out of breath']);
    expect(calls).toBe(2);
    expect(measured.names).toEqual(['sound', 'frail']);
    expect(measured.ratios('sound', same, { frail: undefined, absent: undefined })).toEqual([
      { to: 'frail', value: 0.5 },
    ]);
  });
});

describe('the table', () => {
  it('holds each figure against its goal and its references', () => {
    const lines = renderTable([
      {
        name: 'CPU a message: dense',
        value: 14.93,
        unit: 'µs',
        ratios: [
          { to: 'device-sdk', value: 0.2, goal: { atMost: 0.25 } },
          { to: 'floor', value: 1.6, goal: { atMost: 1.5 } },
        ],
      },
      { name: 'rate held', value: 92_345, unit: '/s', goal: { atLeast: 90_000 }, note: 'one process' },
    ]);
    expect(lines.map((line) => line.replace(/ +/g, ' '))).toEqual([
      'figure value against goal',
      'CPU a message: dense 14.9 µs 0.2× device-sdk ≤ 0.25 met',
      ' 1.6× floor ≤ 1.5 MISSED',
      'rate held (one process) 92,345 /s ≥ 90,000 met',
    ]);
  });
});

describe('the median', () => {
  it('is the middle, or between the two in the middle', () => {
    expect(medianOf([3, 1, 2])).toBe(2);
    expect(medianOf([4, 1, 2, 3])).toBe(2.5);
    expect(() => medianOf([])).toThrow(RangeError);
  });
});
