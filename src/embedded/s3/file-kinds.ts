import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  type Stats,
} from 'node:fs';
import { exitCodes, StampedeError } from '../../shared/errors.ts';

/** A file that is a symbolic link, or is reached through one. */
export class LinkOutsideError extends StampedeError {
  constructor(file: string) {
    super(
      'SymbolicLink',
      `${file} is a symbolic link, or lies behind one: it is neither read nor written`,
      refused,
    );
  }
}

/** A FIFO, a device or a socket may block the process that opens it; a directory cannot be read as a file. */
export class FileKindError extends StampedeError {
  readonly isDirectory: boolean;

  constructor(file: string, found: Stats, expected: FileKind) {
    super('FileKind', `${file} is ${kindOf(found)}, and should be ${words[expected]}`, refused);
    this.isDirectory = found.isDirectory();
  }
}

export type FileKind = 'file' | 'directory';

const words = { file: 'a regular file', directory: 'a directory' } as const;

const refused = {
  hint: 'Stampede makes none in a runs directory: look at where it came from, remove it, and repeat the command',
  exitCode: exitCodes.badUsage,
} as const;

/** Of what `lstat` found. @throws LinkOutsideError, FileKindError */
export function checkKind(file: string, found: Stats, expected: FileKind): void {
  if (found.isSymbolicLink()) throw new LinkOutsideError(file);
  if (!(expected === 'file' ? found.isFile() : found.isDirectory())) {
    throw new FileKindError(file, found, expected);
  }
}

/** A link fails to open, and a FIFO does not block. Both are 0 on Windows, which has neither. */
export const neverFollowNorBlock = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Makes one directory (0700), if it does not exist.
 * @throws LinkOutsideError, FileKindError
 */
export function makePrivateDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    const found = lstatSync(directory, { throwIfNoEntry: false });
    if (found === undefined) throw error;
    checkKind(directory, found, 'directory');
  }
}

/**
 * Opens a regular file to append to, and makes it (0600) if it does not exist.
 * @returns its descriptor
 * @throws LinkOutsideError, FileKindError
 */
export function openToAppend(file: string): number {
  return openRegular(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
}

/** @throws LinkOutsideError, FileKindError */
export function readRegularFile(file: string): string {
  const descriptor = openRegular(file, constants.O_RDONLY);
  try {
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

function openRegular(file: string, flags: number): number {
  const found = lstatSync(file, { throwIfNoEntry: false });
  // Before it is opened: opening a device may already have an effect.
  if (found !== undefined) checkKind(file, found, 'file');
  const descriptor = openSync(file, flags | neverFollowNorBlock, 0o600);
  try {
    checkKind(file, fstatSync(descriptor), 'file');
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function kindOf(found: Stats): string {
  if (found.isFIFO()) return 'a FIFO';
  if (found.isSocket()) return 'a socket';
  if (found.isDirectory()) return 'a directory';
  return found.isFile() ? 'a regular file' : 'a device';
}
