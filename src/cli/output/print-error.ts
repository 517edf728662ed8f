import { filesUnavailable } from '../../embedded/gateway/aws-error.ts';
import { describeDiskError, isDiskError, remedyOfDisk } from '../../embedded/s3/runs-storage.ts';
import { type ExitCode, exitCodes, StampedeError } from '../../shared/errors.ts';
import type { Styler } from './style.ts';

/**
 * What the user reads about an error. A StampedeError is a message and a hint; anything else is printed as an
 * internal error. Stack traces are printed only with STAMPEDE_DEBUG=1.
 */
export function describeError(error: unknown, style: Styler, debug: boolean): string {
  const lines: string[] = [];
  if (error instanceof StampedeError) {
    lines.push(`${style('bad', 'stampede:')} ${error.message}`);
    if (error.hint !== undefined) lines.push(`  → ${error.hint}`);
  } else if (isUsersDiskError(error)) {
    lines.push(
      `${style('bad', 'stampede:')} the file ${error.path} cannot be used: ${describeDiskError(error)}`,
      `  → ${remedyOfDisk(error)}`,
    );
  } else if (isFilesUnavailable(error)) {
    lines.push(`${style('bad', 'stampede:')} ${error.message}`);
  } else {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    lines.push(`${style('bad', 'stampede: internal error:')} ${message}`);
    if (!debug) lines.push('  → STAMPEDE_DEBUG=1 shows where it happened');
  }
  if (debug && error instanceof Error) lines.push(stackWithCauses(error));
  return `${lines.join('\n')}\n`;
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
