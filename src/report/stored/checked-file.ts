import type { PlanProblem } from '../../plan/plan-problem.ts';
import { exitCodes, StampedeError } from '../../shared/errors.ts';

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

/** What makes a text a file of one kind. */
export interface FileForm<Value> {
  /** Undefined: files of this kind have none. */
  readonly version: number | undefined;
  /** Its validator, which is loaded when the first file of the kind is read, so that functions start faster. */
  load(): Promise<object>;
  /** Adds to what was parsed what older files lack. */
  complete?(parsed: unknown): void;
  /** What types cannot say. */
  problemsOf?(value: Value): readonly PlanProblem[];
}

/**
 * A file of a run store, checked: its types and bounds, its version, and that it asks for no more work than a run can
 * make. Unknown fields are left out.
 * @param file where it was, for the error
 * @throws {UnreadableFileError}
 */
export async function readChecked<Value>(
  form: FileForm<Value>,
  text: string | Buffer,
  file: string,
): Promise<Value> {
  checkSize(text.length, file);
  const value = parse(text, file);
  form.complete?.(value);
  const { validate } = (await form.load()) as { readonly validate: Validator };
  const problem =
    versionProblem(form.version, value) ?? typeProblem(validate, value) ?? boundsProblem(form, value);
  if (problem !== undefined) throw new UnreadableFileError(file, problem);
  return value as Value;
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

function typeProblem(validate: Validator, value: unknown): string | undefined {
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
function versionProblem(known: number | undefined, value: unknown): string | undefined {
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

function boundsProblem<Value>({ problemsOf }: FileForm<Value>, value: unknown): string | undefined {
  const [problem] = problemsOf?.(value as Value) ?? [];
  return problem === undefined ? undefined : `${problem.path} ${problem.message}`;
}
