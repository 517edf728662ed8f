import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { layOutColumns, wrapText } from '../../../src/report/text-table.ts';
import {
  formatBytes,
  formatClock,
  formatElapsed,
  formatMs,
  formatPerSecond,
  formatPlural,
  formatQuantity,
  formatRate,
  formatShare,
  formatTimeLeft,
  formatUnits,
  formatUsd,
  formatValue,
} from '../../../src/shared/format.ts';
import { randomCases } from '../../support/effort.ts';

describe('figures', () => {
  it.each([
    [formatShare(0), '0 %'],
    [formatShare(0.0004), '<0.1 %'],
    [formatShare(0.0123), '1.2 %'],
    [formatShare(0.97), '97 %'],
    [formatShare(0.9996), '99.9 %'],
    [formatShare(1), '100 %'],
    [formatShare(-0.03), '-3 %'],
    [formatMs(0.8312), '0.831'],
    [formatMs(-12.34), '-12.3'],
    [formatMs(999.9), '1000'],
    [formatMs(12_345.6), '12,346'],
    [formatMs(3_600_000), '3,600 s'],
    [formatElapsed(12.34), '12.3 ms'],
    [formatElapsed(0.83), '0.83 ms'],
    [formatElapsed(999.9), '1 s'],
    [formatElapsed(-1_214), '-1.21 s'],
    [formatElapsed(900_000), '900 s'],
    [formatElapsed(3_600_000), '3,600 s'],
    [formatClock(-2_000), '-0:02'],
    [formatUsd(5.764), '$5.76'],
    [formatUsd(0.024), '$0.0240'],
    [formatUsd(0.000404), '$0.000404'],
    [formatQuantity(19_980, '/s'), '19,980/s'],
    [formatQuantity(0.02, '/s'), '0.02/s'],
    [formatRate(599.96), '600.0'],
    [formatRate(19_998.4), '19,998'],
    [formatRate(999.97), '1,000'],
    [formatRate(0), '0.0'],
    [formatRate(0.96), '1.0'],
    [formatRate(0.25), '0.25'],
    [formatRate(4 / 3_600), '0.0011'],
    [formatBytes(512), '512 B'],
    [formatBytes(15_420_000), '15.4 MB'],
    [formatPlural(1, 'slice'), '1 slice'],
    [formatPlural(1200, 'slice'), '1,200 slices'],
    [formatUnits(1, 'messages'), '1 message'],
    [formatUnits(1, 'shard-hours'), '1 shard-hour'],
    [formatUnits(1, 'GB-s'), '1 GB-s'],
    [formatUnits(0.5, 'requests'), '0.5 requests'],
    [formatUnits(2_000, 'messages'), '2,000 messages'],
    [formatValue(0.00123456), '0.001235'],
    [formatValue(41.2), '41.2'],
    [formatValue(45_964.053), '45,964'],
    [formatValue(5_700_123), '5,700,123'],
  ])('%s', (text, expected) => {
    expect(text).toBe(expected);
  });
});

describe('figures with their units', () => {
  it('carry their units', () => {
    expect([formatPerSecond(0.2), formatPerSecond(99.96), formatPerSecond(20_000)]).toEqual([
      '0.2/s',
      '100/s',
      '20,000/s',
    ]);
    expect([formatPerSecond(0), formatPerSecond(0.0202), formatPerSecond(4 / 3_600)]).toEqual([
      '0/s',
      '0.02/s',
      '0.0011/s',
    ]);
    expect([formatElapsed(0.8312), formatElapsed(12.34), formatElapsed(1_214)]).toEqual([
      '0.831 ms',
      '12.3 ms',
      '1.21 s',
    ]);
  });

  it('count time up rounded down, time left rounded up', () => {
    expect([formatClock(-5), formatClock(7_999), formatClock(3_723_000)]).toEqual([
      '0:00',
      '0:07',
      '1:02:03',
    ]);
    expect([formatTimeLeft(1), formatTimeLeft(59_001), formatTimeLeft(760_000)]).toEqual([
      '1 s',
      '1:00',
      '12:40',
    ]);
  });
});

describe('wrapText', () => {
  it('loses no word and passes no edge', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,40}$/), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(words, fc.integer({ min: 10, max: 60 }), (list, columns) => {
        const lines = wrapText(list.join(' '), columns, '- ', '  ');
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
        const joined = lines.map((line) => line.slice(2)).join('');
        expect(joined.replaceAll(' ', '')).toBe(list.join(''));
      }),
      randomCases(),
    );
  });
});

describe('layOutColumns', () => {
  it('aligns names left and figures right', () => {
    expect(
      layOutColumns([
        ['a', '1', '22'],
        ['long', '333', '4'],
      ]),
    ).toEqual(['a       1  22', 'long  333   4']);
  });
});
