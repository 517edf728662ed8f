import { expect, it } from '@jest/globals';
import { checkJsonValue } from '../../../src/shared/json-value.ts';

it('checks a list in time that grows with its length', () => {
  const microsecondsOf = (length: number): number => {
    const list = [...Array.from({ length }, () => ({ target: 1 })), 2 ** 53];
    const before = process.cpuUsage();
    expect(checkJsonValue(list)).toMatchObject([{ path: `[${length}]` }]);
    return process.cpuUsage(before).user;
  };
  const bestOf = (length: number): number =>
    Math.min(...Array.from({ length: 5 }, () => microsecondsOf(length)));
  // Ten times as many take about ten times as long, and with a rest that is moved each time some thousand times as long.
  expect(bestOf(60_000)).toBeLessThan(60 * bestOf(6_000));
});
