import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { networkPresets, presetNames } from '../../../src/profile/network-presets.ts';
import { networkChangeShape } from '../../../src/profile/network-schema.ts';
import { formatBandwidth } from '../../../src/profile/network-text.ts';
import { meanMsOf } from '../../../src/profile/time-distribution.ts';

const page = readFileSync(new URL('../../../docs/network.md', import.meta.url), 'utf8');
const cellsOf = (name: string) =>
  page
    .split('\n')
    .find((line) => line.startsWith(`| \`${name}\` |`))
    ?.split('|')
    .map((cell) => cell.trim());

it.each(['preset', ...Object.keys(networkChangeShape)])('describes the setting %s', (name) => {
  expect(cellsOf(name)).toHaveLength(5);
});

it.each(presetNames.filter((name) => name !== 'none'))('has the figures and the source of %s', (name) => {
  const { delay, bandwidth, loss, stall } = networkPresets[name].conditions;
  const [, , oneWay = '', up, down, others = '', source] = cellsOf(name) ?? [];
  const rateOf = (bits = 0) =>
    formatBandwidth(bits)
      .replace('bit', 'bit/s')
      .replace(/^([\d.]+)/, '$1 ');
  expect([up, down]).toEqual([rateOf(bandwidth?.up), rateOf(bandwidth?.down)]);
  const figures = [...oneWay.replaceAll(',', '').matchAll(/\d+/g)].map(([figure]) => Number(figure));
  expect(figures.reduce((sum, ms) => sum + ms, 0) / figures.length).toBe(meanMsOf(delay!));
  expect(others).toBe(
    loss === undefined || stall === undefined
      ? ''
      : `loss ${loss * 100} %, a stall of ${stall.forMs} ms every ${stall.everySeconds} s`,
  );
  expect(source).toBe(networkPresets[name].source);
});
