import type { RunRecord } from '../aws/run-archive.ts';
import type { LiveAction, StoredAction } from '../plan/actions/action.ts';
import { describeAction } from '../plan/actions/describe-action.ts';
import { plannedActionsOf } from '../plan/storms.ts';
import type { PlotMark } from '../report/plots/marks.ts';
import { type InputError, InvalidInputError, StampedeError } from '../shared/errors.ts';
import { formatElapsed, formatInstant } from '../shared/format.ts';
import type { IssuedActions } from '../worker/issue-actions.ts';
import { jsonAnswer, type UiAnswer } from './answer.ts';
import type { ActionAnswerOnPage } from './page/messages.ts';

/** Reads the marks of a run so far: what its profile plans, and what was issued, by anyone. Each stored action is read once. */
export function makeMarksSoFar(
  record: Pick<RunRecord, 'actions' | 'getPlan'>,
  runId: string,
): () => Promise<readonly PlotMark[]> {
  const stored: StoredAction[] = [];
  let planned: LiveAction[] | undefined;
  return async () => {
    planned ??= plannedActionsOf(await record.getPlan(runId));
    for await (const action of record.actions(runId, stored.length)) stored.push(action);
    return [...planned, ...stored].map(markOf).sort((a, b) => a.at - b.at);
  };
}

function markOf(action: LiveAction): PlotMark {
  return { at: action.at, label: describeAction(action) };
}

/** What the page says of an action that it asked for. */
export async function answerOfAction(
  issue: () => Promise<IssuedActions>,
  now: () => number,
): Promise<UiAnswer> {
  try {
    const { at, descriptions, forecasts, mayBeLate, later } = await issue();
    const when = `at ${formatInstant(at)}, in ${formatElapsed(Math.max(0, at - now()))}.`;
    const notes = [
      ...forecasts,
      ...later.map(
        ({ action, at: laterAt }) =>
          `${action.kind}, issued before, takes effect after it, at ${formatInstant(laterAt)}.`,
      ),
      ...(mayBeLate ? ['Announcing it took long: slices may have received it after its instant.'] : []),
    ];
    return answer(202, { accepted: `${descriptions.join('; ')} ${when}`, notes, problems: [] });
  } catch (error) {
    if (!(error instanceof StampedeError)) throw error;
    const problems = errorsOf(error)?.map(sentenceOf) ?? [error.message];
    return answer(422, { notes: [], problems });
  }
}

function answer(status: number, body: ActionAnswerOnPage): UiAnswer {
  return jsonAnswer(status, body);
}

function errorsOf(error: StampedeError): readonly InputError[] | undefined {
  if (error instanceof InvalidInputError) return error.errors;
  return 'errors' in error ? (error.errors as readonly InputError[]) : undefined;
}

function sentenceOf({ path, message, hint }: InputError): string {
  return `${path} ${message}${hint === undefined ? '' : `: ${hint}`}.`;
}
