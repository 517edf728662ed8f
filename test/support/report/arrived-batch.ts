import type { ArrivalWindow } from '../../../src/measure/arrival-window.ts';
import { measureArrivals } from '../../../src/measure/arrivals.ts';
import { groupOfSlice } from '../../../src/plan/groups.ts';
import { kindsOf } from '../../../src/plan/kinds.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { makeSliceSchedule } from '../../../src/plan/schedule.ts';
import { shareOf, sliceOf } from '../../../src/plan/slices.ts';

/** What came of one stream of a slice, in one batch. */
export interface ArrivedBatch {
  readonly stream: number;
  /** Of each message. */
  readonly copies: readonly number[];
  readonly aheadMs: number;
  /** So many of the first records were delivered before. */
  readonly redelivered: number;
  /** Messages of others behind them. */
  readonly unrelated: number;
  /** Wills behind them, of the slice's first devices. */
  readonly wills: number;
}

/** Situations have many batches in common, and measuring one takes longer than all else in a run. */
const measured = new Map<string, readonly ArrivalWindow[]>();

export function windowsOf(plan: Plan, slice: number, batch: ArrivedBatch): readonly ArrivalWindow[] {
  const key = JSON.stringify([
    plan.runId,
    plan.timeline.publishAt,
    sliceOf(plan, slice),
    batch.copies.join(''),
    { ...batch, copies: [] },
  ]);
  const windows = measured.get(key) ?? measureBatch(plan, slice, batch);
  measured.set(key, windows);
  return windows;
}

function measureBatch(plan: Plan, slice: number, batch: ArrivedBatch): readonly ArrivalWindow[] {
  const { publishAt } = plan.timeline;
  const { devices } = sliceOf(plan, slice);
  const group = groupOfSlice(plan, slice);
  const kind = kindsOf(group).find((each) => each.stream === batch.stream)!;
  const schedule = makeSliceSchedule(shareOf(kind, slice));
  let left = batch.redelivered;
  const Records = batch.copies.flatMap((copies, n) => {
    const at = publishAt + schedule.offsetMs(n);
    const arrivedAt = Math.floor(at + 9 + batch.aheadMs);
    return Array.from({ length: copies }, (_, copy) => ({
      messageId: `${slice}-${batch.stream}-${n}-${copy}`,
      body: JSON.stringify({
        run: plan.runId,
        slice,
        deviceGroup: group.number,
        stream: batch.stream,
        n,
        device: n % devices,
        at,
        sent: at + 0.2,
        rule: arrivedAt - 2,
      }),
      attributes: {
        SentTimestamp: String(arrivedAt),
        ApproximateReceiveCount: left-- > 0 ? '2' : '1',
      },
    }));
  });
  if (Records.length === 0) return [];
  const attributes = { SentTimestamp: String(publishAt) };
  const others = Array.from({ length: batch.unrelated }, (_, i) => {
    return { messageId: `other-${i}`, body: 'no JSON', attributes };
  });
  const wills = Array.from({ length: batch.wills }, (_, device) => {
    const body = JSON.stringify({ run: plan.runId, slice, device, rule: publishAt });
    return { messageId: `will-${device}`, body, attributes };
  });
  return measureArrivals({ Records: [...Records, ...others, ...wills] }, publishAt).windows;
}
