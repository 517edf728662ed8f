import type { InfluxWriter, PostOutcome } from '../aws/influx-writer.ts';
import type { LiveOverflow, RunStore } from '../aws/run-store.ts';
import type { LiveDelivery } from '../report/report-model.ts';
import { linesPerPost } from './live-queue.ts';

export interface ResendRequest {
  readonly runId: string;
  /** Of the plan. */
  readonly slices: number;
  readonly store: Pick<RunStore, 'liveOverflows' | 'deleteLiveOverflow'>;
  readonly writer: InfluxWriter;
}

/** A run's report waits for nothing of this, but its execution does. */
const resendTimeoutMs = 60_000;
/** A slice or a batch each: many small ones. */
const parallelOverflows = 8;

/** Sends a run's points from the run store until InfluxDB is unavailable or `resendTimeoutMs` is over; deletes what was taken. */
export async function resendLiveOverflow({
  runId,
  slices,
  store,
  writer,
}: ResendRequest): Promise<LiveDelivery> {
  const giveUpAt = performance.now() + resendTimeoutMs;
  const sums = { resentPoints: 0, refusedPoints: 0, leftPoints: 0 };
  const linesByStatus = new Map<number | null, number>();
  const slicesCutOff = new Set<string>();
  let isWhole = true;
  const overflows = store.liveOverflows(runId)[Symbol.asyncIterator]();
  const work = async (): Promise<void> => {
    for (let next = await overflows.next(); next.done !== true; next = await overflows.next()) {
      const overflow = next.value;
      const { name, lineCount, status = null } = overflow;
      linesByStatus.set(status, (linesByStatus.get(status) ?? 0) + lineCount);
      isWhole &&= overflow.isWhole;
      const [, slice] = /^slice-(\d+)-/.exec(name) ?? [];
      if (slice !== undefined) slicesCutOff.add(slice);
      const outcome =
        writer.isUnavailable || performance.now() > giveUpAt ? 'unavailable' : await resend(overflow, writer);
      if (outcome === 'taken') await store.deleteLiveOverflow(overflow);
      sums[columnOf[outcome]] += lineCount;
    }
  };
  await Promise.all(Array.from({ length: parallelOverflows }, work));
  const [most] = [...linesByStatus].toSorted(([, a], [, b]) => b - a);
  if (most === undefined) return sums;
  const [httpStatus] = most;
  return { ...sums, cause: { httpStatus, isWholeRun: isWhole && slicesCutOff.size === slices } };
}

const columnOf = { taken: 'resentPoints', refused: 'refusedPoints', unavailable: 'leftPoints' } as const;

async function resend(overflow: LiveOverflow, writer: InfluxWriter): Promise<PostOutcome> {
  const lines = await overflow.read();
  let worst: PostOutcome = 'taken';
  for (let from = 0; from < lines.length; from += linesPerPost) {
    const outcome = await writer.post(lines.slice(from, from + linesPerPost));
    if (outcome === 'unavailable') return outcome;
    if (outcome === 'refused') worst = outcome;
  }
  return worst;
}
