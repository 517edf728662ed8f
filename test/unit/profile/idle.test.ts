import { describe, expect, it } from '@jest/globals';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { preflight } from '../../../src/plan/preflight.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';
import { inputErrorsOf } from '../../support/input-errors.ts';

const now = 1_700_000_000_000;

function errorsOf(input: object): string[] {
  return inputErrorsOf(() => parseProfile({ devices: 100, ...input })).map(
    ({ path, message }) => `${path}: ${message}`,
  );
}

describe('devices that are idle', () => {
  it('connect, are paid for by the minute, and send nothing', () => {
    const profile = parseProfile({ devices: 1_000, idle: true, duration: '5m' });
    const plan = makePlan({ profile, runId: 'run-1', now });
    expect(plan.load).toEqual({ messages: 0, peakPerSecond: 0 });
    const { quotas, cost, refusals } = preflight(plan);
    expect(refusals).toEqual([]);
    expect(quotas.find(({ quota }) => quota === 'concurrentConnections')?.peak).toBeGreaterThan(1_000);
    const quantityOf = (id: string) => cost.lines.find(({ line }) => line === id)?.quantity;
    expect(quantityOf('iot-publish-in')).toBeUndefined();
    expect(quantityOf('iot-connect')).toBeGreaterThan(1_000);
    // From the first connect to a second after the end: more than five minutes, each begun one counted.
    expect(quantityOf('iot-connectivity')).toBeGreaterThanOrEqual(6 * 1_000);
    expect([cost.totalUsd, ...quotas.map(({ headroom }) => headroom)].every(Number.isFinite)).toBe(true);
  });

  it('may be one group of several, whatever load the others have', () => {
    const { groups } = parseProfile({
      ratePerSecond: 10,
      duration: '1m',
      groups: { listeners: { devices: 50, idle: true }, meters: { devices: 10 } },
    });
    expect(groups!.map(({ stages }) => stages[0]!.targetPerSecond)).toEqual([0, 10]);
    const others = parseProfile({
      idle: true,
      duration: '1m',
      groups: { listeners: { devices: 50 }, meters: { devices: 10, everySeconds: 5 } },
    }).groups!;
    expect(others.map(({ stages }) => stages[0]!.targetPerSecond)).toEqual([0, 2]);
  });

  it.each([
    [{ idle: true }, 'duration: is missing'],
    [{ idle: true, duration: '1m', ratePerSecond: 1 }, 'idle: the load is given twice, by ratePerSecond too'],
    [{ idle: true, stages: [{ duration: '1m', target: 1 }] }, 'idle: the load is given twice, by stages too'],
    [
      { idle: true, duration: '1m', messages: { a: {} } },
      'messages: has no meaning for devices that are idle',
    ],
    [
      { idle: true, duration: '1m', connect: { protocol: 'https' } },
      'idle: has no meaning over HTTP, where no device keeps a connection',
    ],
    [
      { duration: '1m', stages: [{ duration: '1m', target: 0 }] },
      'duration: how long is given twice, by stages too',
    ],
    [
      { stages: [{ duration: '1m', target: 0 }] },
      'stages: no stage has a target above 0: nothing would be sent',
    ],
  ])('%j is refused', (input, message) => {
    expect(errorsOf(input)).toContain(message);
  });
});
