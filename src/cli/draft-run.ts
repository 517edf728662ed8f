import type { AccountView } from '../plan/account.ts';
import { draftPlan } from '../plan/make-plan.ts';
import type { Plan } from '../plan/plan.ts';
import { type Preflight, preflight } from '../plan/preflight.ts';
import type { Fault } from '../profile/errors.ts';
import type { LoadProfile } from '../profile/load-profile.ts';
import { makeRunId } from './run-id.ts';

/** What a run would be, before anything is started. The plan function makes the plan that counts, from the same code. */
export interface RunDraft {
  readonly plan: Plan;
  readonly preflight: Preflight;
  /** What forbids to run it at all, whatever the limits. */
  readonly faults: readonly Fault[];
}

/**
 * Room for cold starts as the stack is deployed, so that a plan looked at is the plan that would run on AWS: 1,000
 * environments per 10 s per function.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html#scaling-rate
 */
const coldStart = { leadMs: 5_000, environmentsPerSecond: 100 } as const;

export interface DraftOptions {
  readonly now?: Date;
  /** 0–1 */
  readonly random?: number;
  /** What is known of the account; AWS's defaults otherwise. */
  readonly account?: AccountView | undefined;
  /** What the IoT rule reads, where that is known. */
  readonly topicFilter?: string | undefined;
}

export function draftRun(
  profile: LoadProfile,
  { now = new Date(), random = Math.random(), account, topicFilter }: DraftOptions = {},
): RunDraft {
  const runId = makeRunId(profile.name, now, random);
  const { plan, faults } = draftPlan({
    runId,
    profile,
    now: now.getTime(),
    coldStart,
    ...(account === undefined ? {} : { account }),
    ...(topicFilter === undefined ? {} : { topicFilter }),
  });
  return { plan, faults, preflight: preflight(plan) };
}
