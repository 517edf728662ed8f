import type { ArrivalWindow } from '../../measure/arrival-window.ts';
import type { SliceDeath } from '../../measure/slice-death.ts';
import type { SliceResult } from '../../measure/slice-result.ts';
import type { SubscriberRecord } from '../../measure/subscriber-record.ts';
import type { StoredAction } from '../../plan/actions/action.ts';
import { checkStoredPlan, checkStoredProfile, checkTimes } from '../../plan/check-plan.ts';
import type { InjectedFaults } from '../../plan/conditions.ts';
import type { Plan } from '../../plan/plan.ts';
import type { PlanProblem } from '../../plan/plan-problem.ts';
import type { JudgedHold } from '../../plan/search/judged-hold.ts';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import { completeStoredTarget } from '../../targets/stored-target.ts';
import type { Report } from '../report-model.ts';

/** The files of a run store that are read back. */
export interface StoredFiles {
  readonly report: Report;
  readonly plan: Plan;
  readonly sliceResult: SliceResult;
  readonly action: StoredAction;
  readonly judgedHold: JudgedHold;
  readonly sliceDeath: SliceDeath;
  readonly arrivalWindow: ArrivalWindow;
  readonly subscriberRecord: SubscriberRecord;
  readonly injectedFaults: InjectedFaults;
}

export type StoredKind = keyof StoredFiles;

/** No file of a run is larger: slice results of a million scattered losses come to some ten. */
const maxStoredBytes = 64 * 1_024 * 1_024;

/** A file of a run store that is damaged, of another version, or not Stampede's at all. Exit code 2. */
export class UnreadableFileError extends StampedeError {
  constructor(file: string, reason: string, cause?: unknown) {
    super('UnreadableFile', `${file} cannot be read: ${reason}`, {
      hint: 'it was damaged, or written by another program or another version of Stampede: get it again from its source, or run the profile again',
      exitCode: exitCodes.badUsage,
      cause,
    });
  }
}

/** As ajv generates it. */
interface Validator {
  (value: unknown): boolean;
  readonly errors?: readonly ValidatorError[] | null;
}

interface ValidatorError {
  /** JSON pointer. */
  readonly instancePath: string;
  readonly keyword: string;
  readonly message?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** The others have no version: the state machine and embedded AWS write them. */
const versions: {
  readonly [Kind in StoredKind]?: StoredFiles[Kind] extends { version: infer V } ? V : never;
} = {
  report: 2,
  plan: 1,
  sliceResult: 2,
  arrivalWindow: 2,
  subscriberRecord: 1,
  action: 1,
};

/** Each validator is loaded when the first file of its kind is read, so that functions start faster. */
const validators: { readonly [Kind in StoredKind]: () => Promise<object> } = {
  report: () => import('./generated/report.ts'),
  plan: () => import('./generated/plan.ts'),
  sliceResult: () => import('./generated/slice-result.ts'),
  action: () => import('./generated/action.ts'),
  judgedHold: () => import('./generated/judged-hold.ts'),
  sliceDeath: () => import('./generated/slice-death.ts'),
  arrivalWindow: () => import('./generated/arrival-window.ts'),
  subscriberRecord: () => import('./generated/subscriber-record.ts'),
  injectedFaults: () => import('./generated/injected-faults.ts'),
};

/**
 * A file of a run store, checked: its types and bounds, its version, and that it asks for no more work than a run can
 * make. Unknown fields are left out.
 * @param file where it was, for the error
 * @throws {UnreadableFileError}
 */
export async function readStored<Kind extends StoredKind>(
  kind: Kind,
  text: string | Buffer,
  file: string,
): Promise<StoredFiles[Kind]> {
  checkSize(text.length, file);
  const value = parse(text, file);
  if (kind === 'plan') completeStoredTarget(value);
  const { validate } = (await validators[kind]()) as { readonly validate: Validator };
  const problem = versionProblem(kind, value) ?? problemOf(validate, value) ?? boundsProblem(kind, value);
  if (problem !== undefined) throw new UnreadableFileError(file, problem);
  return value as StoredFiles[Kind];
}

/** Checks the size before the file is read. @throws {UnreadableFileError} */
export function checkSize(bytes: number, file: string): void {
  if (bytes <= maxStoredBytes) return;
  throw new UnreadableFileError(file, `it has ${bytes} bytes, and at most ${maxStoredBytes} are read`);
}

function parse(text: string | Buffer, file: string): unknown {
  try {
    return JSON.parse(text.toString());
  } catch (error) {
    const reason = error instanceof SyntaxError ? `it is no JSON: ${error.message}` : 'it is no JSON';
    throw new UnreadableFileError(file, reason, error);
  }
}

function problemOf(validate: Validator, value: unknown): string | undefined {
  try {
    if (validate(value)) return undefined;
  } catch (error) {
    // The one type that holds itself, a payload, is checked by a function that calls itself.
    if (error instanceof RangeError) return 'it is nested too deeply';
    throw error;
  }
  const [error] = validate.errors ?? [];
  return error === undefined ? 'it is of no known form' : describe(error);
}

/** Checked first, because a file of another version may lack any field. */
function versionProblem(kind: StoredKind, value: unknown): string | undefined {
  const known = versions[kind];
  if (known === undefined || typeof value !== 'object' || value === null || !('version' in value))
    return undefined;
  if (value.version === known) return undefined;
  const version = typeof value.version === 'number' ? value.version : 'of its own';
  return `it is of version ${version}, and this Stampede reads version ${known}`;
}

function describe({ instancePath, message, keyword, params }: ValidatorError): string {
  const where = instancePath === '' ? 'it' : instancePath.slice(1).replaceAll('/', '.');
  const what = keyword === 'enum' && Array.isArray(params?.allowedValues) ? params.allowedValues : undefined;
  return `${where.slice(0, 200)} ${what === undefined ? message : `must be one of ${what.join(', ')}`}`;
}

/** What types cannot say. */
function boundsProblem(kind: StoredKind, value: unknown): string | undefined {
  const [problem] = problemsOf(kind, value);
  return problem === undefined ? undefined : `${problem.path} ${problem.message}`;
}

function problemsOf(kind: StoredKind, value: unknown): PlanProblem[] {
  if (kind === 'plan') return checkStoredPlan(value as Plan);
  if (kind !== 'report') return [];
  const { timeline, conditions, startedAt, endedAt, stop } = value as Report;
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
