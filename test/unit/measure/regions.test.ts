import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ArrivalWindow } from '../../../src/measure/arrival-window.ts';
import { checkLedger } from '../../../src/measure/check-ledger.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { RunLedger } from '../../../src/measure/run-ledger.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { slicesHere } from '../../../src/plan/regions.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { sumFields } from '../../../src/shared/counts.ts';
import { randomCases } from '../../support/effort.ts';
import { planOf, resultOf, windowOf } from '../../support/measure/run-fixture.ts';

const plan = planOf({
  devices: 50,
  slices: { devicesPerSlice: 10 },
  regions: { 'eu-west-1': 0.6, 'us-east-1': 0.4 },
});
const copies = plan.regions!.map(({ name }): Plan => ({ ...plan, region: name }));

interface Stored {
  readonly results: readonly SliceResult[];
  readonly windows: readonly ArrivalWindow[];
}

function ledgerOf(of: Plan, { results, windows }: Stored): RunLedger {
  const ledger = makeLedger(of);
  for (const result of results) ledger.addSlice(result);
  for (const window of windows) ledger.addWindow(window);
  return ledger.close();
}

/** What each Region's run store holds. @param aheadMs by how much its stamps are */
function storeOf(copy: Plan, fates: readonly (readonly number[])[], aheadMs: number): Stored {
  const alive = slicesHere(copy).filter((slice) => fates[slice]![0] !== 9);
  const results = alive.map((slice) => {
    const { messages } = sliceOf(copy, slice);
    const sent = Array.from({ length: messages }, (_, n) => n).filter((n) => fateOf(fates, slice, n) > 0);
    return resultOf(copy, slice, sent);
  });
  const arrived = alive.flatMap((slice) =>
    Array.from({ length: sliceOf(copy, slice).messages }, (_, n) => n)
      .filter((n) => fateOf(fates, slice, n) > 1)
      .map((n): [number, number] => [slice, n]),
  );
  const window = windowOf(copy, arrived, `batch ${copy.region}`);
  const leastTransitUs = Object.fromEntries(alive.map((slice) => [slice, 40_000 + aheadMs * 1_000]));
  return { results, windows: arrived.length === 0 ? [] : [{ ...window, leastTransitUs }] };
}

/** 0: dropped, 1: lost, else arrived. */
function fateOf(fates: readonly (readonly number[])[], slice: number, n: number): number {
  return fates[slice]![n % fates[slice]!.length]!;
}

const anyFates = fc.array(fc.array(fc.nat(9), { minLength: 1, maxLength: 7 }), {
  minLength: plan.slices.count,
  maxLength: plan.slices.count,
});

describe('ledgers of a run in two Regions', () => {
  it('sum to the one ledger of both stores, and to the plan', () => {
    fc.assert(
      fc.property(anyFates, (fates) => {
        const stores = copies.map((copy) => storeOf(copy, fates, 0));
        const [first, second] = copies.map((copy, i) => ledgerOf(copy, stores[i]!)) as [RunLedger, RunLedger];
        const whole = ledgerOf(plan, {
          results: stores.flatMap(({ results }) => results),
          windows: stores.flatMap(({ windows }) => windows),
        });
        expect(sumFields(first.messages, second.messages)).toEqual(whole.messages);
        expect(sumFields(first.devices, second.devices)).toEqual(whole.devices);
        expect(sumFields(first.slices, second.slices)).toEqual(whole.slices);
        expect(first.plannedMessages + second.plannedMessages).toBe(plan.load.messages);
        expect(whole.plannedMessages).toBe(plan.load.messages);
        for (const each of [first, second, whole]) expect(checkLedger(each)).toEqual([]);
        const merged = new LatencyHistogram();
        for (const { latencies } of [first, second]) merged.merge(latencies.end_to_end_latency);
        expect(merged.summary()).toEqual(whole.latencies.end_to_end_latency.summary());
        expect([...first.startLagsMs, ...second.startLagsMs]).toEqual(whole.startLagsMs);
      }),
      randomCases(60),
    );
  });

  it('have the clocks of their own Regions, 80 ms apart', () => {
    const fates = Array.from({ length: plan.slices.count }, () => [5]);
    const stores = copies.map((copy, i) => storeOf(copy, fates, i * 80));
    const clocks = copies.map((copy, i) => ledgerOf(copy, stores[i]!).sliceClocks);
    expect(clocks[0]!.map(({ atMostMs }) => atMostMs)).toEqual([41, 41, 41]);
    expect(clocks[1]!.map(({ atMostMs }) => atMostMs)).toEqual([121, 121]);
    const whole = ledgerOf(plan, {
      results: stores.flatMap(({ results }) => results),
      windows: stores.flatMap(({ windows }) => windows),
    });
    expect(whole.sliceClocks).toEqual(clocks.flat());
  });

  it('count a slice that died in its own Region alone', () => {
    const fates = [[9], [5], [5], [5], [5]];
    const ledgers = copies.map((copy) => ledgerOf(copy, storeOf(copy, fates, 0)));
    expect(ledgers.map(({ slices }) => slices.died)).toEqual([1, 0]);
  });
});
