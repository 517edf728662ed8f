import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fanOutOf } from '../../../src/plan/fan-out.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { forecastHost } from '../../../src/plan/host.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import { mostWebConnections, webConnectionsOf } from '../../../src/plan/slice-connections.ts';
import { sharesOf } from '../../../src/plan/slices.ts';
import { parseProfile, wantedTargetOf } from '../../../src/targets/parse-profile.ts';
import type { Target } from '../../../src/targets/target.ts';

function draftOf(settings: object) {
  const profile = parseProfile({
    target: 'http://127.0.0.1:8080/',
    ratePerSecond: 100,
    duration: '10s',
    ...settings,
  });
  return draftPlan({ runId: 'r', now: 0, profile, target: wantedTargetOf(profile) as Target });
}

const host = { descriptors: 1_024, memoryBytes: 2 ** 36, cores: 64 };

describe('connections to a web service', () => {
  it('of devices with several each make smaller slices, so that a Lambda holds them', () => {
    for (const perDevice of [1, 2, 3, 8]) {
      const { plan, walls } = draftOf({ devices: 4_000, http: { connections: { perDevice } } });
      const { inSlice, inAll } = mostWebConnections(groupsOf(plan)[0]!)!;
      expect(walls).toEqual([]);
      expect(inSlice).toBe(perDevice * plan.slices.devicesPerSlice);
      expect(inSlice).toBeLessThanOrEqual(900);
      expect(inAll).toBe(4_000 * perDevice);
    }
    // 500 devices a slice are comfortable, and 900 ÷ 3 = 300 are possible.
    expect(draftOf({ devices: 4_000, http: { connections: { perDevice: 3 } } }).plan.slices.count).toBe(14);
  });

  it('that are shared are divided among the slices of each group exactly, and each slice has one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3_000 }),
        fc.integer({ min: 1, max: 2_000 }),
        fc.integer({ min: 1, max: 900 }),
        (devices, shared, devicesPerSlice) => {
          const group = { devices, http: { connections: { shared } }, slices: { devicesPerSlice } };
          const other = { devices: 7, http: { connections: { shared: 3 } } };
          const { plan, walls } = draftOf({ groups: { other, group } });
          fc.pre(walls.length === 0);
          for (const each of groupsOf(plan)) {
            const limits = sharesOf(each).map(webConnectionsOf) as { readonly ofSlice: number }[];
            const sum = limits.reduce((all, { ofSlice }) => all + ofSlice, 0);
            expect(sum).toBe(each.group === 'other' ? 3 : shared);
            expect(Math.min(...limits.map(({ ofSlice }) => ofSlice))).toBeGreaterThanOrEqual(1);
            expect(Math.max(...limits.map(({ ofSlice }) => ofSlice))).toBeLessThanOrEqual(
              mostWebConnections(each)!.inSlice,
            );
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('that are shared by fewer than the comfortable slices make fewer slices', () => {
    const { plan, walls } = draftOf({ devices: 4_000, http: { connections: { shared: 6 } } });
    expect([plan.slices.count, walls]).toEqual([6, []]);
  });

  it.each([
    [{ devices: 4_000, http: { connections: { shared: 4 } } }, 'is 4, and each of 5 slices needs one'],
    [
      { devices: 10, slices: { devicesPerSlice: 10 }, http: { connections: { shared: 901 } } },
      'makes 901 connections in a slice, and a Lambda holds 900',
    ],
  ])('are refused where they do not fit the slices', (settings, message) => {
    expect(draftOf(settings).walls).toMatchObject([{ path: 'http.connections.shared', message }]);
  });

  it('count among the open files of a slice of a rehearsal, and not of the embedded IoT Core', () => {
    const { plan } = draftOf({ devices: 400, http: { connections: { perDevice: 2 } } });
    const peakOf = (name: string) =>
      forecastHost(plan, host).needs.find((need) => need.name === `open files of ${name}`)!.peak;
    expect(peakOf('a slice')).toBeGreaterThanOrEqual(800);
    expect(peakOf('the embedded IoT Core')).toBeLessThan(100);
  });
});

describe('a run whose requests end with their answers', () => {
  it('has no drain: nothing arrives', () => {
    const { plan } = draftOf({ devices: 10, drain: '30s' });
    const { publishEndAt, drainEndAt, deadlineAt } = plan.timeline;
    expect(drainEndAt).toBe(publishEndAt);
    expect(fanOutOf(plan).drainSeconds).toBe(0);
    // Of the last requests the answers are waited for: 5 s, and the margin.
    expect(deadlineAt).toBeGreaterThan(publishEndAt + 5_000);
  });
});
