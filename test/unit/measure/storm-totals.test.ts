import { describe, expect, it } from '@jest/globals';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { SliceResult, StormResult } from '../../../src/measure/slice-result.ts';
import { plannedStormsOf } from '../../../src/plan/storms.ts';
import { describeStorms, stormsReportOf } from '../../../src/report/storm-report.ts';
import { histogramOf, planOf, resultOf } from '../../support/measure/run-fixture.ts';

const plan = planOf({
  devices: 400,
  slices: { devicesPerSlice: 100 },
  timeline: [{ at: '2s', disconnect: { share: 0.5, how: 'drop' } }],
});
const at = plan.timeline.publishAt + 2_000;

/** A slice of which 50 devices were taken away and came back one after the other, `everyMs` apart. */
function stormOf(back: number, everyMs: number, instant = at): StormResult {
  return {
    at: instant,
    devices: 50,
    disconnected: 50,
    attempts: 3 * back,
    recovery: histogramOf(Array.from({ length: back }, (_, i) => (i + 1) * everyMs)),
    delayed: 7,
    dropped: 2,
  };
}

function withStorm(slice: number, storm: StormResult): SliceResult {
  const startSecond = Math.floor(at / 1_000) + slice;
  return {
    ...resultOf(plan, slice),
    storms: [storm],
    connects: { startSecond, offered: [50, 10], granted: [20, 10] },
  };
}

function reportOf(storms: readonly StormResult[]) {
  const ledger = makeLedger(plan);
  for (const [slice, storm] of storms.entries()) ledger.addSlice(withStorm(slice, storm));
  return stormsReportOf(plan, ledger.close());
}

describe('the storms of a run', () => {
  it('are the sums of the slices', () => {
    const report = reportOf([stormOf(50, 10), stormOf(50, 20), stormOf(50, 40), stormOf(50, 100)])!;
    expect(report.list).toEqual([
      expect.objectContaining({
        atSeconds: 2,
        how: 'drop',
        devices: 200,
        disconnected: 200,
        recovered: 200,
        attempts: 600,
        attemptsPerSuccess: 3,
        delayed: 28,
        dropped: 8,
      }),
    ]);
    expect(report.list[0]).not.toHaveProperty('group');
    expect(report.connects).toEqual({
      startSecond: Math.floor(at / 1_000),
      offered: [50, 60, 60, 60, 10],
      granted: [20, 30, 30, 30, 10],
    });
  });

  it('have the busiest second from the first of them on, not that of the first connects', () => {
    const report = reportOf([stormOf(50, 10)])!;
    const { connects } = report;
    const ramp = {
      startSecond: connects.startSecond - 2,
      offered: [900, 0, ...connects.offered],
      granted: [800, 0, ...connects.granted],
    };
    const lines = describeStorms({ ...report, connects: ramp }, plan.timeline.publishAt);
    expect(lines).toContain('Connects a second from the first storm on, at most: 50 offered, 20 granted.');
  });

  it('are over once 99 % of all devices of the group are connected, not of the storm', () => {
    // Of 400 devices 4 may be missing: the 196th of 200 that come back.
    const report = reportOf([stormOf(50, 10), stormOf(50, 20), stormOf(50, 40), stormOf(50, 100)])!;
    expect(report.timeToRecoverSeconds).toBeCloseTo(4.6, 2);
    expect(report.list[0]!.timeToRecoverSeconds).toBe(report.timeToRecoverSeconds);
  });

  it('have no time to recover where fewer came back', () => {
    const missing = (count: number) =>
      reportOf([stormOf(50, 10), stormOf(50, 20), stormOf(50, 40), stormOf(50 - count, 100)])!;
    expect(missing(4).timeToRecoverSeconds).toBeCloseTo(4.6, 2);
    expect(missing(5).timeToRecoverSeconds).toBeNull();
    expect(missing(5).list[0]!.recovered).toBe(195);
  });

  it('contain those of live actions, whichever comes first, and none that no action asked for', () => {
    const live = at + 1_234.5;
    const ledger = makeLedger(plan);
    ledger.addSlice(withStorm(0, stormOf(50, 10, live)));
    expect(ledger.close().storms).toBeUndefined();
    ledger.addAction({ at: live, action: { kind: 'disconnect', share: 0.25, how: 'clean' } });
    const report = stormsReportOf(plan, ledger.close())!;
    expect(report.list).toEqual([
      expect.objectContaining({ atSeconds: 3.2345, how: 'clean', devices: 100, recovered: 50 }),
    ]);
    expect(report.list[0]!.forecastSeconds).toBeGreaterThan(0);
    expect(plannedStormsOf(plan)).toHaveLength(1);
  });

  it('have connects within the time of the run, whatever a slice recorded', () => {
    const ledger = makeLedger(plan);
    for (const [slice, startSecond] of [1e12, -5, at / 1_000, Number.MAX_SAFE_INTEGER].entries()) {
      const { connects, ...result } = withStorm(slice, stormOf(50, 10));
      ledger.addSlice({ ...result, connects: { ...connects!, startSecond } });
    }
    expect(stormsReportOf(plan, ledger.close())!.connects).toEqual({
      startSecond: Math.floor(at / 1_000),
      offered: [50, 10],
      granted: [20, 10],
    });
  });

  it('are absent from a run without one', () => {
    const ledger = makeLedger(plan);
    ledger.addSlice(resultOf(plan, 0));
    expect(stormsReportOf(plan, ledger.close())).toBeUndefined();
  });
});
