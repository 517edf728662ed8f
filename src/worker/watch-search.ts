import type { StoredAction } from '../plan/actions/action.ts';
import { actionLeadMs } from '../plan/actions/action-lead.ts';
import type { Plan } from '../plan/plan.ts';
import { RefusedByPreflightError } from '../plan/refusals.ts';
import { courseOf, type Ending, type SearchCourse } from '../plan/search/course.ts';
import type { NextHold } from '../plan/search/decide-next.ts';
import type { JudgedHold } from '../plan/search/judged-hold.ts';
import { actionsOfStep, type IssuedStep, issuedSteps, makeStep } from '../plan/search/step-actions.ts';
import type { SearchSettings } from '../profile/search.ts';
import { checkLoad } from './issue-actions.ts';
import type { WatchDeps, WatchedRun } from './watcher.ts';

type SearchDeps = Pick<WatchDeps, 'store' | 'control' | 'judgeHold' | 'now'>;

/**
 * One look at a search: judges the hold that has ended, then issues the next step or, with the answer, stops the run. A look that fails
 * at any point may be repeated, even while it goes on somewhere else: a hold is judged once, because the first judgement is kept; a step
 * is issued once, because the number of its action is the one after all those that it was decided by.
 * @returns whether to look again
 */
export async function watchSearch(run: WatchedRun, deps: SearchDeps): Promise<boolean> {
  const { plan, actions } = run;
  const { search } = plan.profile;
  if (search === undefined) return false;
  const judged: JudgedHold[] = [];
  for await (const hold of deps.store.judgedHolds(plan.runId)) judged.push(hold);
  const pending = issuedSteps(actions).find(({ step }) => step.step === judged.length);
  if (pending !== undefined) {
    await completeStep(run, search, pending, deps);
    const hold = await deps.judgeHold(run, pending.step);
    if (hold === undefined) return true;
    judged.push(await deps.store.putJudgedHold(plan.runId, hold));
  }
  const course = courseOf(search);
  const next = course.next(judged);
  const ending = 'ended' in next ? next : await issueStep(run, { search, course, next, judged }, deps);
  if (ending === undefined) return true;
  await deps.control.requestStop(plan.runId, { ...ending, at: deps.now(), by: 'search' });
  return false;
}

/** The look that issued the step may have failed between its actions, or before they were announced. */
async function completeStep(
  { plan, announced }: WatchedRun,
  search: SearchSettings,
  { step, level, rest }: IssuedStep,
  { control }: SearchDeps,
): Promise<void> {
  const [, missing] = actionsOfStep(search, step);
  if (missing !== undefined && rest === undefined) await control.issue(plan.runId, missing);
  else if (announced?.k === undefined || announced.k < Math.max(level?.k ?? 0, rest?.k ?? 0))
    await control.announceStored(plan.runId);
}

interface NextStep {
  readonly search: SearchSettings;
  readonly course: SearchCourse;
  readonly next: NextHold;
  readonly judged: readonly JudgedHold[];
}

/** @returns why the search ends instead */
async function issueStep(
  { plan, actions }: WatchedRun,
  { search, course, next, judged }: NextStep,
  { control, now }: SearchDeps,
): Promise<Ending | undefined> {
  const at = Math.max(plan.timeline.publishAt, Math.ceil(now() + actionLeadMs(plan)));
  const step = makeStep(search, next, { step: judged.length, at });
  if (step.holdUntil >= plan.timeline.publishEndAt) return course.end('out-of-time', judged);
  const ofStep = actionsOfStep(search, step);
  const because = whyRefused(plan, actions, ofStep);
  if (because !== undefined) return course.end('refused', judged, because);
  await control.issueNext(plan.runId, actions.length, ...ofStep);
  return undefined;
}

/** As an action of a user's would be refused. */
function whyRefused(
  plan: Plan,
  stored: readonly StoredAction[],
  actions: ReturnType<typeof actionsOfStep>,
): string | undefined {
  try {
    checkLoad(plan, stored, actions);
    return undefined;
  } catch (error) {
    if (error instanceof RefusedByPreflightError) return error.message;
    throw error;
  }
}
