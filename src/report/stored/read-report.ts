import { checkStoredProfile, checkTimes } from '../../plan/check-plan.ts';
import type { PlanProblem } from '../../plan/plan-problem.ts';
import type { Report } from '../report-model.ts';
import { type FileForm, readChecked } from './checked-file.ts';

const form: FileForm<Report> = {
  version: 2 satisfies Report['version'],
  load: () => import('./generated/report.ts'),
  problemsOf,
};

/**
 * Reads a report.json as `readChecked` does. In a file of its own, because its validator is larger than all others together, and no function
 * reads a report.
 * @param file where it was, for the error
 * @throws {UnreadableFileError}
 */
export function readStoredReport(text: string | Buffer, file: string): Promise<Report> {
  return readChecked(form, text, file);
}

function problemsOf({ timeline, conditions, startedAt, endedAt, stop }: Report): PlanProblem[] {
  const { startAt, publishAt, publishEndAt, drainEndAt } = timeline;
  const dates = [startedAt, endedAt, ...(stop === undefined ? [] : [stop.at])];
  return [
    ...checkTimes('timeline', [startAt, publishAt, publishEndAt, drainEndAt]),
    ...(conditions === undefined ? [] : checkStoredProfile('conditions.profile', conditions.profile)),
    ...dates
      .filter((date) => Number.isNaN(Date.parse(date)))
      .map((date) => ({ path: 'a date', message: `is none: ${date}` })),
  ];
}
