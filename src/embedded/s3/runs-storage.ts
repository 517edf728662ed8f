import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { exitCodes, StampedeError } from '../../shared/errors.ts';

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
  return error instanceof Error ? error.message : String(error);
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
    const probe = path.join(directory, `.probe-${process.pid}`);
    try {
      writeFileSync(probe, 'x');
    } finally {
      rmSync(probe, { force: true });
    }
  } catch (error) {
    throw new RunsDirectoryError(directory, error);
  }
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
