import type { Plan } from './plan.ts';

/** How a run's time is divided where counters and latencies are kept by time. All series of a run have the same steps. */
export interface BookSteps {
  /** Epoch seconds: the first that is counted, where the first step begins. */
  readonly from: number;
  /** Epoch seconds: the first that is not counted any more. */
  readonly until: number;
  /** Whole. */
  readonly secondsPerStep: number;
}

/** How far before and after a run's own time something of it may lie: clocks differ, queues may be backlogged. */
const marginMs = { before: 60_000, after: 900_000 } as const;

/** While a run publishes: a run of two hours has steps of a second. */
const stepsOfPublishing = 7_200;
/** Of its whole time: a stored report has lists of at most 10,000 numbers. */
const stepsOfRun = 9_600;

/** What lies outside counts in the ledger, but in no series. */
export function bookStepsOf({ timeline }: Pick<Plan, 'timeline'>): BookSteps {
  const { createdAt, publishAt, publishEndAt, deadlineAt } = timeline;
  const from = Math.floor((createdAt - marginMs.before) / 1_000);
  const until = Math.ceil((deadlineAt + marginMs.after) / 1_000);
  const secondsPerStep = Math.max(
    1,
    Math.ceil((publishEndAt - publishAt) / 1_000 / stepsOfPublishing),
    Math.ceil((until - from) / stepsOfRun),
  );
  return { from, until, secondsPerStep };
}

/** How many steps there are. */
export function countSteps({ from, until, secondsPerStep }: BookSteps): number {
  return Math.max(0, Math.ceil((until - from) / secondsPerStep));
}
