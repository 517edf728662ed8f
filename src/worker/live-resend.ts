import type { InfluxDoor, PostOutcome } from '../aws/influx-writer.ts';
import type { LiveSpill, RunStore } from '../aws/run-store.ts';
import type { LiveAftermath } from '../report/report-model.ts';
import { linesPerPost } from './live-queue.ts';

export interface ResendRequest {
  readonly runId: string;
  /** Of the plan. */
  readonly slices: number;
  readonly store: Pick<RunStore, 'liveSpills' | 'deleteLiveSpill'>;
  readonly door: InfluxDoor;
}

/** A run's report waits for nothing of this, but its execution does. */
const patienceMs = 60_000;
/** A slice or a batch each: many small ones. */
const parallelSpills = 8;

/** Sends a run's spilled points, until InfluxDB is away or patience is at an end. What was taken is deleted. */
export async function resendLiveSpills({
  runId,
  slices,
  store,
  door,
}: ResendRequest): Promise<LiveAftermath> {
  const giveUpAt = performance.now() + patienceMs;
  const sums = { resentPoints: 0, refusedPoints: 0, leftPoints: 0 };
  const linesByStatus = new Map<number | null, number>();
  const slicesCutOff = new Set<string>();
  let isWhole = true;
  const spills = store.liveSpills(runId)[Symbol.asyncIterator]();
  const work = async (): Promise<void> => {
    for (let next = await spills.next(); next.done !== true; next = await spills.next()) {
      const spill = next.value;
      const { name, lineCount, status = null } = spill;
      linesByStatus.set(status, (linesByStatus.get(status) ?? 0) + lineCount);
      isWhole &&= spill.isWhole;
      const [, slice] = /^slice-(\d+)-/.exec(name) ?? [];
      if (slice !== undefined) slicesCutOff.add(slice);
      const outcome = door.isAway || performance.now() > giveUpAt ? 'away' : await resend(spill, door);
      if (outcome === 'taken') await store.deleteLiveSpill(spill);
      sums[columnOf[outcome]] += lineCount;
    }
  };
  await Promise.all(Array.from({ length: parallelSpills }, work));
  const [most] = [...linesByStatus].toSorted(([, a], [, b]) => b - a);
  if (most === undefined) return sums;
  const [httpStatus] = most;
  return { ...sums, cause: { httpStatus, isWholeRun: isWhole && slicesCutOff.size === slices } };
}

const columnOf = { taken: 'resentPoints', refused: 'refusedPoints', away: 'leftPoints' } as const;

async function resend(spill: LiveSpill, door: InfluxDoor): Promise<PostOutcome> {
  const lines = await spill.read();
  let worst: PostOutcome = 'taken';
  for (let from = 0; from < lines.length; from += linesPerPost) {
    const outcome = await door.post(lines.slice(from, from + linesPerPost));
    if (outcome === 'away') return outcome;
    if (outcome === 'refused') worst = outcome;
  }
  return worst;
}
