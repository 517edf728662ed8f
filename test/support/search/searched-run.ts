import type { ArrivalWindow } from '../../../src/measure/arrival-window.ts';
import { type ArrivalBatch, measureArrivals } from '../../../src/measure/arrivals.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import type { JudgedHold, SearchStep } from '../../../src/plan/search/judged-hold.ts';
import { judgeHold } from '../../../src/report/judge-hold.ts';
import { type SimulatedRun, type SimulationOptions, simulate } from '../device/make-run.ts';

/** A message of a run in virtual time, as its envelope has it, and when it came to the rule's reader: never, where that is undefined. */
export interface SentMessage {
  readonly slice: number;
  readonly stream: number;
  readonly n: number;
  readonly at: number;
  readonly sent: number;
  readonly arrivedAt: number | undefined;
}

export interface SearchedRun {
  readonly plan: Plan;
  /** By slice. */
  readonly runs: readonly SimulatedRun[];
  readonly results: readonly SliceResult[];
  readonly messages: readonly SentMessage[];
  readonly windows: readonly ArrivalWindow[];
}

/** All slices of a plan, and what came of their messages to the rule. @param transitMs undefined: the message is lost */
export async function runSearched(
  plan: Plan,
  options: Omit<SimulationOptions, 'plan' | 'slice'> = {},
  transitMs: (message: Omit<SentMessage, 'arrivedAt'>) => number | undefined = () => 20,
): Promise<SearchedRun> {
  const runs: SimulatedRun[] = [];
  const messages: SentMessage[] = [];
  const Records: ArrivalBatch['Records'][number][] = [];
  for (let slice = 0; slice < plan.slices.count; slice++) {
    const run = await simulate({ ...options, plan, slice });
    runs.push(run);
    for (const [i, { message }] of run.transport.published.entries()) {
      const { stampede } = JSON.parse(message) as { stampede: Omit<SentMessage, 'arrivedAt'> };
      const sent = { ...stampede, stream: stampede.stream ?? 0, slice };
      const transit = transitMs(sent);
      const arrivedAt = transit === undefined ? undefined : Math.floor(sent.sent + transit);
      messages.push({ ...sent, arrivedAt });
      if (arrivedAt === undefined) continue;
      Records.push({
        messageId: `${slice}-${i}`,
        body: JSON.stringify({ ...stampede, rule: arrivedAt }),
        attributes: { SentTimestamp: String(arrivedAt) },
      });
    }
  }
  // In batches, as the reader of a queue gets them.
  const batches = Array.from({ length: Math.ceil(Records.length / 50) }, (_, i) =>
    Records.slice(50 * i, 50 * (i + 1)),
  );
  const windows = batches.flatMap(
    (batch) => measureArrivals({ Records: batch }, plan.timeline.drainEndAt).windows,
  );
  return { plan, runs, results: runs.map(({ result }) => result), messages, windows };
}

/** A hold from one second after publishing began to another. */
export function stepOf(
  { timeline }: Plan,
  fromSecond: number,
  untilSecond: number,
  step = 0,
  level = 10,
): SearchStep {
  const zero = Math.floor(timeline.publishAt / 1_000);
  const holdFrom = (zero + fromSecond) * 1_000;
  return { step, level, at: holdFrom - 1_000, holdFrom, holdUntil: (zero + untilSecond) * 1_000 };
}

/** A hold of a run that has ended, by its complete record. @param plan with what the run's actions made of it */
export function judgeSearched(
  plan: Plan,
  { results, windows }: Pick<SearchedRun, 'results' | 'windows'>,
  step: SearchStep,
  cloudwatch: Parameters<typeof judgeHold>[0]['cloudwatch'] = { sums: {}, requested: [] },
): JudgedHold {
  const ledger = makeLedger(plan, { steps: [step] });
  for (const result of results) ledger.addSlice(result);
  for (const window of windows) ledger.addWindow(window);
  const now = plan.timeline.drainEndAt + 60_000;
  return judgeHold({ plan, ledger, step, cloudwatch, goesOn: false, now });
}
