import { randomUUID } from 'node:crypto';
import { mkdirSync, opendirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { exitCodes, messageOf, StampedeError } from '../../shared/errors.ts';
import { quoteForShell } from '../../shared/quote-for-shell.ts';
import { makePrivateDirectory } from './file-kinds.ts';

/** The directory of runs cannot be made or written to. */
export class RunsDirectoryError extends StampedeError {
  constructor(directory: string, error: unknown) {
    super('RunsDirectory', `the directory of runs ${directory} cannot be used: ${describeDiskError(error)}`, {
      hint: remedyOfDisk(error),
      exitCode: exitCodes.badUsage,
      cause: error,
    });
  }
}

const words: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'no permission to write',
  EPERM: 'no permission to write',
  ENOENT: 'the file system does not take new directories',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'a file has this name',
  EIO: 'the disk reports errors',
  EMFILE: 'this process may open no more files',
  ENFILE: 'this machine may open no more files',
};

/** `the disk is full (ENOSPC)` */
export function describeDiskError(error: unknown): string {
  const code = codeOf(error);
  const known = words[code];
  if (known !== undefined) return `${known} (${code})`;
  return messageOf(error);
}

export function isDiskError(error: unknown): boolean {
  return Object.hasOwn(words, codeOf(error));
}

export function remedyOfDisk(error: unknown): string {
  const code = codeOf(error);
  if (code === 'EMFILE' || code === 'ENFILE')
    return 'raise the limit of open files (ulimit -n), or use fewer devices';
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'make room, or name another directory of runs: --runs';
  return 'give write access, or name another directory of runs: --runs';
}

/**
 * Makes the directory and writes to it, so that a run does not begin whose record has no place.
 * @throws RunsDirectoryError
 */
export function prepareRunsDirectory(directory: string): void {
  try {
    makeDirectory(directory);
    // A name that no one can guess, and `wx`: a link of that name would be written through.
    const probe = path.join(directory, `.probe-${randomUUID()}`);
    try {
      writeFileSync(probe, 'x', { flag: 'wx', mode: 0o600 });
    } finally {
      rmSync(probe, { force: true });
    }
  } catch (error) {
    throw new RunsDirectoryError(directory, error);
  }
}

/**
 * Of a directory that is only read for now; it need not exist.
 * @throws RunsDirectoryError where the path, or a part of it, is a file
 */
export function checkRunsDirectory(directory: string): void {
  try {
    opendirSync(directory).closeSync();
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') throw new RunsDirectoryError(directory, error);
  }
}

/**
 * A directory beside the runs, for this user only.
 * @param name begins with a dot: no key of the run bucket leads there
 * @returns its path
 * @throws RunsDirectoryError, LinkOutsideError, FileKindError
 */
export function prepareHiddenDirectory(
  runsDirectory: string,
  name: '.logs' | '.embedded' | '.regions',
): string {
  const directory = path.join(runsDirectory, name);
  try {
    makePrivateDirectory(directory);
  } catch (error) {
    throw error instanceof StampedeError ? error : new RunsDirectoryError(runsDirectory, error);
  }
  return directory;
}

/** A directory that the user made is left as it is; undefined: no other user may read it. */
export function otherUsersNote(directory: string): string | undefined {
  if (process.platform === 'win32') return undefined;
  const { mode } = statSync(directory);
  if ((mode & 0o077) === 0) return undefined;
  return `other users of this machine may open the directory of runs ${directory} (mode 0${(mode & 0o777).toString(8)}); to keep them out: chmod 700 ${quoteForShell(directory)}`;
}

/** With its parents. Node's own `recursive` never returns below /proc, where a directory that exists takes no entries. */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST' && statSync(directory).isDirectory()) return;
    const parent = path.dirname(directory);
    if (code !== 'ENOENT' || parent === directory || exists(parent)) throw error;
    makeDirectory(parent);
    mkdirSync(directory, { mode: 0o700 });
  }
}

function exists(directory: string): boolean {
  return statSync(directory, { throwIfNoEntry: false }) !== undefined;
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
