import { randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, readdir, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { checkKind, FileKindError, LinkOutsideError, neverFollowNorBlock } from './file-kinds.ts';

/**
 * Files below one directory, and nowhere else: a run directory may come from another user, and a symbolic link in it may
 * lead anywhere. Links are neither followed nor written through, and only regular files are opened.
 */
export interface ContainedFiles {
  /** Undefined: there is no such file. @throws LinkOutsideError, FileKindError */
  read(...names: string[]): Promise<ContainedFile | undefined>;
  /** Size and time of a file. Undefined: there is none. @throws LinkOutsideError, FileKindError */
  head(...names: string[]): Promise<FileFacts | undefined>;
  /**
   * Written whole to a temporary file and then renamed, so that a reader sees all of it or none. Readable by this user
   * only (0600, directories 0700).
   * @param onlyIfNew fails with EEXIST where the file exists, even against a writer at the same time
   * @throws LinkOutsideError; FileKindError where a directory has the name
   */
  write(names: readonly string[], body: string | Buffer, onlyIfNew?: boolean): Promise<FileFacts>;
  remove(...names: string[]): Promise<void>;
  /**
   * All names within, of links and FIFOs too: these are neither file nor directory.
   * @throws LinkOutsideError, FileKindError for the directory itself
   */
  list(...names: string[]): Promise<readonly ListedName[]>;
}

export interface ListedName {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly isFile: boolean;
}

export interface FileFacts {
  readonly bytes: number;
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
}

export interface ContainedFile extends FileFacts {
  readonly body: Buffer;
}

/** Names of temporary files, and of what is not an object of the run store. */
export const hiddenPrefix = '.';

/** @param baseDirectory may itself be reached through a link: it is the user's own choice */
export function makeContainedFiles(baseDirectory: string): ContainedFiles {
  const base = path.resolve(baseDirectory);
  const fileOf = (names: readonly string[]): string => {
    if (names.some((name) => name === '' || name === '.' || name === '..' || /[/\0]/.test(name))) {
      throw new RangeError(`not the name of a file: ${names.join('/')}`);
    }
    return path.join(base, ...names);
  };

  /** The directory that a file is in, if no link leads to it. */
  async function checkDirectory(file: string): Promise<void> {
    const directory = path.dirname(file);
    const wanted = path.join(await realpath(base), path.relative(base, directory));
    if ((await realpath(directory)) !== wanted) throw new LinkOutsideError(file);
  }

  /** Undefined: there is no such file. */
  async function openFile(
    names: readonly string[],
  ): Promise<{ handle: FileHandle; facts: Stats } | undefined> {
    const file = fileOf(names);
    let handle: FileHandle | undefined;
    try {
      await checkDirectory(file);
      // Before it is opened: opening a device may already have an effect.
      checkKind(file, await lstat(file), 'file');
      handle = await open(file, constants.O_RDONLY | neverFollowNorBlock);
      const facts = await handle.stat();
      checkKind(file, facts, 'file');
      return { handle, facts };
    } catch (error) {
      await handle?.close();
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw code === 'ELOOP' ? new LinkOutsideError(file) : error;
    }
  }

  return {
    async read(...names) {
      const opened = await openFile(names);
      if (opened === undefined) return undefined;
      const { handle, facts } = opened;
      try {
        return { body: await handle.readFile(), bytes: facts.size, modifiedAt: facts.mtimeMs };
      } finally {
        await handle.close();
      }
    },
    async head(...names) {
      const opened = await openFile(names);
      if (opened === undefined) return undefined;
      await opened.handle.close();
      const { facts } = opened;
      return { bytes: facts.size, modifiedAt: facts.mtimeMs };
    },
    async write(names, body, onlyIfNew = false) {
      const file = fileOf(names);
      const directory = path.dirname(file);
      await makeDirectories(base, path.relative(base, directory));
      await checkDirectory(file);
      const existing = await lstat(file).catch(() => undefined);
      // Anything else is replaced.
      if (existing?.isDirectory()) throw new FileKindError(file, existing, 'file');
      const temporary = path.join(directory, `${hiddenPrefix}${randomUUID()}`);
      try {
        const handle = await open(temporary, 'wx', 0o600);
        try {
          await handle.writeFile(body);
        } finally {
          await handle.close();
        }
        // A link fails where the name is taken; a rename replaces it, whatever it is.
        if (onlyIfNew) await link(temporary, file);
        else await rename(temporary, file);
      } finally {
        // What keeps it from being written may keep it from being deleted: the first error is the one to report.
        await rm(temporary, { force: true }).catch(() => undefined);
      }
      const facts = await lstat(file);
      return { bytes: facts.size, modifiedAt: facts.mtimeMs };
    },
    async remove(...names) {
      const file = fileOf(names);
      try {
        await checkDirectory(file);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
        throw error;
      }
      await rm(file, { force: true });
    },
    async list(...names) {
      const directory = names.length === 0 ? base : fileOf(names);
      try {
        if (names.length > 0) {
          await checkDirectory(directory);
          checkKind(directory, await lstat(directory), 'directory');
        }
        const entries = await readdir(directory, { withFileTypes: true });
        return entries.map((entry) => ({
          name: entry.name,
          isDirectory: entry.isDirectory(),
          isFile: entry.isFile(),
        }));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOENT' || code === 'ENOTDIR') return [];
        throw code === 'ELOOP' ? new LinkOutsideError(directory) : error;
      }
    },
  };
}

/** Level by level, so that no directory is made behind a link. */
async function makeDirectories(base: string, below: string): Promise<void> {
  await mkdir(base, { recursive: true, mode: 0o700 });
  let directory = base;
  for (const name of below.split(path.sep).filter(Boolean)) {
    directory = path.join(directory, name);
    try {
      await mkdir(directory, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if ((await lstat(directory)).isSymbolicLink()) throw new LinkOutsideError(directory);
    }
  }
}
