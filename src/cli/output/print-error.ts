import { filesUnavailable } from '../../embedded/gateway/aws-error.ts';
import { describeDiskError, isDiskError, remedyOfDisk } from '../../embedded/s3/runs-storage.ts';
import { wrapText } from '../../report/text-table.ts';
import { type ExitCode, exitCodes, StampedeError } from '../../shared/errors.ts';
import type { Styler } from './style.ts';

export interface ErrorFormat {
  readonly style: Styler;
  /** Of the terminal; absent: lines are not broken. */
  readonly columns?: number | undefined;
  /** Appends stack traces. */
  readonly debug?: boolean;
}

/**
 * What the user reads about an error. A StampedeError is a message and a hint; anything else is printed as an
 * internal error. Stack traces are printed only with STAMPEDE_DEBUG=1.
 */
export function describeError(error: unknown, { style, columns, debug = false }: ErrorFormat): string {
  const isPlain = error instanceof StampedeError || isUsersDiskError(error) || isFilesUnavailable(error);
  const head = isPlain ? 'stampede:' : 'stampede: internal error:';
  const [first = '', ...others] = [`${head} ${messageOf(error)}`, ...hintOf(error, debug)].flatMap((text) =>
    text.split('\n').flatMap((line) => fitLine(line, columns)),
  );
  const lines = [first.replace(head, style('bad', head)), ...others];
  if (debug && error instanceof Error) lines.push(stackWithCauses(error));
  return `${lines.join('\n')}\n`;
}

function messageOf(error: unknown): string {
  if (isUsersDiskError(error)) return `the file ${error.path} cannot be used: ${describeDiskError(error)}`;
  if (error instanceof StampedeError || isFilesUnavailable(error)) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function hintOf(error: unknown, debug: boolean): string[] {
  if (error instanceof StampedeError) return error.hint === undefined ? [] : [`  → ${error.hint}`];
  if (isUsersDiskError(error)) return [`  → ${remedyOfDisk(error)}`];
  return debug || isFilesUnavailable(error) ? [] : ['  → STAMPEDE_DEBUG=1 shows where it happened'];
}

/** Further lines are indented past the arrow of a hint. */
function fitLine(line: string, columns = Number.POSITIVE_INFINITY): string[] {
  if (line.length <= columns) return [line];
  const indent = ' '.repeat(line.search(/\S/));
  return wrapText(line.trimStart(), columns, indent);
}

function stackWithCauses(error: Error): string {
  const stack = error.stack ?? String(error);
  return error.cause instanceof Error ? `${stack}\ncaused by: ${stackWithCauses(error.cause)}` : stack;
}

/** A full or protected disk, or a file in place of a directory: the user can correct it. */
function isUsersDiskError(error: unknown): error is NodeJS.ErrnoException {
  return (
    error instanceof Error &&
    'code' in error &&
    'path' in error &&
    error.code !== 'ENOENT' &&
    isDiskError(error)
  );
}

/** The same error, raised by embedded AWS in its own process. */
function isFilesUnavailable(error: unknown): error is Error {
  return error instanceof Error && error.name === filesUnavailable;
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof StampedeError) return error.exitCode;
  return isUsersDiskError(error) || isFilesUnavailable(error) ? exitCodes.badUsage : exitCodes.internalError;
}
