import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeRunFiles } from '../../../../src/embedded/s3/run-files.ts';
import {
  describeDiskError,
  isDiskError,
  makeDirectory,
  otherUsersNote,
  prepareRunsDirectory,
  remedyOfDisk,
} from '../../../../src/embedded/s3/runs-storage.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'stampede-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const error = (code: string): Error => Object.assign(new Error(`${code}: it failed`), { code });

describe('the directory of runs', () => {
  it('is made with its parents, and left as it was', () => {
    const runs = path.join(directory, 'a', 'b', 'runs');
    prepareRunsDirectory(runs);
    prepareRunsDirectory(runs);
    expect(readdirSync(runs)).toEqual([]);
  });

  it('writes through no link of the name that an earlier version used to try the disk', () => {
    const runs = path.join(directory, 'probed');
    mkdirSync(runs);
    const kept = path.join(directory, 'kept');
    writeFileSync(kept, 'kept');
    symlinkSync(kept, path.join(runs, `.probe-${process.pid}`));
    prepareRunsDirectory(runs);
    expect(readFileSync(kept, 'utf8')).toBe('kept');
  });

  it('is left as the user made it, with the command that keeps other users out', () => {
    const runs = path.join(directory, "user's runs");
    prepareRunsDirectory(runs);
    expect(otherUsersNote(runs)).toBeUndefined();
    chmodSync(runs, 0o755);
    prepareRunsDirectory(runs);
    expect(statSync(runs).mode & 0o777).toBe(0o755);
    expect(otherUsersNote(runs)).toContain("mode 0755); to keep them out: chmod 700 '");
    chmodSync(runs, 0o700);
  });

  it('is refused with what is wrong and what to do', () => {
    const file = path.join(directory, 'file');
    writeFileSync(file, '');
    expect(() => prepareRunsDirectory(file)).toThrow('a file has this name (EEXIST)');
    expect(() => prepareRunsDirectory(path.join(file, 'runs'))).toThrow(
      'a part of the path is a file (ENOTDIR)',
    );
  });

  // A recursive mkdir of Node's never returns here.
  (existsSync('/proc/self') ? it : it.skip)('ends below a directory that takes none', () => {
    expect(() => makeDirectory('/proc/foo/.logs')).toThrow('ENOENT');
    expect(() => prepareRunsDirectory('/proc/foo')).toThrow('does not take new directories (ENOENT)');
  });

  it.each([
    ['ENOSPC', 'the disk is full (ENOSPC)', 'make room'],
    ['EROFS', 'the file system is read-only (EROFS)', 'write access'],
    ['EMFILE', 'this process may open no more files (EMFILE)', 'ulimit -n'],
  ])('has words for %s', (code, words, remedy) => {
    expect(isDiskError(error(code))).toBe(true);
    expect(describeDiskError(error(code))).toBe(words);
    expect(remedyOfDisk(error(code))).toContain(remedy);
  });

  it('leaves other errors their own words', () => {
    expect(isDiskError(error('ECONNRESET'))).toBe(false);
    expect(describeDiskError(error('ECONNRESET'))).toBe('ECONNRESET: it failed');
  });
});

describe('an object that the disk does not take', () => {
  it('is refused with a status that no client repeats, and the trouble is reported', async () => {
    const base = path.join(directory, 'store');
    mkdirSync(base);
    // Where the run's directory should be there is a file.
    writeFileSync(path.join(base, 'run-1'), '');
    const troubles: string[] = [];
    const files = makeRunFiles(base, (what) => troubles.push(what));
    const put = files.put('runs/run-1/slices/0.json', Buffer.from('{}'), false);
    await expect(put).rejects.toMatchObject({ code: 'RunStoreNotWritable', status: 507 });
    expect(troubles).toEqual([expect.stringContaining('cannot be written to:')]);
  });
});
