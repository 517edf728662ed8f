/**
 * The exit codes of the CLI. `thresholdsFailed` is k6's, so that pipelines written for k6 go on working.
 * @see https://grafana.com/docs/k6/latest/using-k6/thresholds/
 */
export const exitCodes = {
  passed: 0,
  internalError: 1,
  badUsage: 2,
  refusedByPreflight: 3,
  thresholdsFailed: 99,
  stoppedByUser: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/**
 * The root of every error that Stampede raises on purpose: what happened (`message`), and what to do about it
 * (`hint`). A user's mistake is printed as these two lines, never as a stack trace.
 */
export class StampedeError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;

  constructor(
    code: string,
    message: string,
    options: { hint?: string; exitCode?: ExitCode; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? exitCodes.internalError;
  }
}

/** What was thrown, as text: the message of an error. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** One thing wrong with the user's input: where, what, and what to do. */
export interface InputError {
  /** JSON path in the profile (`stages[1].target`), a flag (`--rate`) or a variable (`STAMPEDE_RATE`). */
  readonly path: string;
  readonly message: string;
  readonly hint?: string;
}

/** More than anyone reads; Lambda cuts an error's message, and Step Functions refuses one that is too long. */
const maxListed = 100;

/** Bad usage or a bad profile: every error at once. Exit code 2. */
export class InvalidInputError extends StampedeError {
  readonly errors: readonly InputError[];

  constructor(what: string, errors: readonly InputError[]) {
    const lines = errors
      .slice(0, maxListed)
      .map((f) => `  ${f.path}: ${f.message}${f.hint === undefined ? '' : `\n    → ${f.hint}`}`);
    if (errors.length > maxListed) lines.push(`  and ${errors.length - maxListed} more`);
    super(
      'InvalidInput',
      `${what} has ${errors.length === 1 ? 'an error' : `${errors.length} errors`}:\n${lines.join('\n')}`,
      {
        exitCode: exitCodes.badUsage,
      },
    );
    this.errors = errors;
  }
}
