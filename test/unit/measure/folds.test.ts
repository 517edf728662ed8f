import { beforeAll, describe, expect, it } from '@jest/globals';
import type { ArrivalWindow } from '../../../src/measure/arrival-window.ts';
import { measureArrivals } from '../../../src/measure/arrivals.ts';
import { SliceFold } from '../../../src/measure/fold-slices.ts';
import { WindowFold } from '../../../src/measure/fold-windows.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { noteReadUpTo, positionsOf } from '../../../src/measure/stream-batch.ts';
import { buildReport } from '../../../src/report/build-report.ts';
import { simulate } from '../../support/device/make-run.ts';
import { planOf } from '../../support/measure/run-fixture.ts';

const messages = { reading: { weight: 3 }, status: {} };
const plan = planOf({
  devices: undefined,
  stages: undefined,
  duration: '10s',
  groups: {
    meters: { devices: 20, ratePerSecond: 30, messages },
    trackers: { devices: 20, ratePerSecond: 20, messages },
  },
});

/** What slices and the rule's reader stored: some messages are not acknowledged, are lost, or come twice. */
async function recordOf(): Promise<{ results: SliceResult[]; windows: ArrivalWindow[] }> {
  const results: SliceResult[] = [];
  const windows: ArrivalWindow[] = [];
  for (let slice = 0; slice < plan.slices.count; slice++) {
    const behaviour = { publish: (_: unknown, n: number) => (n % 7 === 0 ? undefined : 3) };
    const { result, transport } = await simulate({ plan, slice, behaviour });
    results.push(result);
    const records = transport.published.flatMap(({ message, atMs }, i) => {
      const { stampede } = JSON.parse(message) as { stampede: object };
      return Array.from({ length: i % 11 === 0 ? 0 : i % 13 === 0 ? 2 : 1 }, (__, copy) => ({
        messageId: `${slice}-${i}-${copy}`,
        body: JSON.stringify({ ...stampede, rule: Math.floor(atMs + 20) }),
        attributes: { SentTimestamp: String(Math.floor(atMs + 40)) },
      }));
    });
    for (let i = 0; i < records.length; i += 20) {
      const Records = [
        ...records.slice(i, i + 20),
        { messageId: 'x', body: '{', attributes: { SentTimestamp: '0' } },
      ];
      for (const [k, window] of measureArrivals({ Records }, plan.timeline.publishEndAt).windows.entries())
        windows.push({
          ...window,
          redelivered: 1,
          readUpTo: { shard: `shard-${slice % 2}`, sequenceNumber: String(1_000 + i + k) },
        });
    }
  }
  return { results, windows };
}

let record: Awaited<ReturnType<typeof recordOf>>;
beforeAll(async () => {
  record = await recordOf();
});

function reportOf(results: readonly SliceResult[], windows: readonly ArrivalWindow[]): unknown {
  const ledger = makeLedger(plan);
  for (const result of results) ledger.addSlice(result);
  for (const window of windows) ledger.addWindow(window);
  const sums = { 'PublishIn.Success': 1 };
  const { drainEndAt } = plan.timeline;
  const report = buildReport({
    plan,
    ledger: ledger.close(),
    cloudwatch: { sums, requested: [] },
    faults: undefined,
    search: undefined,
    now: drainEndAt,
  });
  return JSON.parse(JSON.stringify(report));
}

function foldWindows(windows: readonly ArrivalWindow[], number: number): ArrivalWindow {
  const fold = new WindowFold();
  for (const window of windows) expect(fold.add(window)).toBe(true);
  return JSON.parse(JSON.stringify(fold.window(windows[0]!, number)));
}

describe('sums of what a run stored', () => {
  it('make the report that their parts make, groups and kinds of message with it', () => {
    const { results, windows } = record;
    const whole = reportOf(results, windows);
    expect(whole).toMatchObject({ messages: { duplicates: expect.any(Number), lost: expect.any(Number) } });
    const parts = [windows.slice(0, 7), windows.slice(7, 8), windows.slice(8)];
    const folded = parts.map(foldWindows);
    expect(reportOf(results, [...folded, ...folded])).toEqual(whole);
    const twice = foldWindows([folded[2]!, folded[0]!], 3);
    expect(
      reportOf(results, [
        folded[1]!,
        { ...twice, folded: { ...twice.folded!, windows: twice.folded!.windows } },
      ]),
    ).toMatchObject({
      messages: (whole as { messages: object }).messages,
    });

    const fold = new SliceFold(plan);
    for (const result of results.slice(1)) fold.add(result);
    const slices: SliceResult[] = JSON.parse(JSON.stringify(fold.slices(0).results));
    expect(slices).toHaveLength(results.length - 1);
    expect(reportOf([...slices, results[0]!], folded)).toEqual(whole);
  });

  it('keep how far each shard is read', () => {
    const { windows } = record;
    const readUpTo = (all: readonly ArrivalWindow[]) => {
      const known = new Map<string, string>();
      for (const window of all) for (const position of positionsOf(window)) noteReadUpTo(known, position);
      return known;
    };
    expect(readUpTo([foldWindows(windows, 0)])).toEqual(readUpTo(windows));
    expect(readUpTo(windows).size).toBe(2);
  });

  it('leave out what would stretch them over more than two hours', () => {
    const { results, windows } = record;
    const [window] = windows as [ArrivalWindow];
    const late = (seconds: number): ArrivalWindow => ({
      ...window,
      perSecond: { ...window.perSecond, startSecond: window.perSecond.startSecond + seconds },
    });
    const fold = new WindowFold();
    expect([window, late(7_000), late(7_200), late(-300)].map((each) => fold.add(each))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(fold.count).toBe(2);
    const [result] = results as [SliceResult];
    const slices = new SliceFold(plan);
    const { startSecond } = result.perSecond;
    const later = { ...result, leg: 1, perSecond: { ...result.perSecond, startSecond: startSecond + 7_200 } };
    expect([slices.add(result), slices.add(later), slices.count]).toEqual([true, false, 1]);
  });
});
