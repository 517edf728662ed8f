import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeContainedFiles } from '../../../../src/embedded/s3/contained-files.ts';
import { FileKindError, LinkOutsideError } from '../../../../src/embedded/s3/file-kinds.ts';

let root: string;
let outside: string;
let base: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'stampede-contained-'));
  outside = path.join(root, 'outside');
  base = path.join(root, 'runs');
  await mkdir(path.join(base, 'r'), { recursive: true });
  await mkdir(outside);
  await writeFile(path.join(outside, 'secret.json'), 'secret');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const modeOf = async (file: string): Promise<number> => (await stat(file)).mode & 0o777;

describe('files below one directory', () => {
  it('are written whole, for this user only, and read back', async () => {
    const files = makeContainedFiles(path.join(root, 'new'));
    expect(await files.read('r', 'a.json')).toBeUndefined();
    expect(await files.list('r')).toEqual([]);
    await files.write(['r', 'slices', 'a.json'], '1');
    const facts = await files.write(['r', 'slices', 'a.json'], '22');
    expect(await files.read('r', 'slices', 'a.json')).toEqual({ ...facts, body: Buffer.from('22') });
    expect(await files.head('r', 'slices', 'a.json')).toEqual(facts);
    expect(await files.list('r')).toEqual([{ name: 'slices', isDirectory: true, isFile: false }]);
    await expect(files.write(['r', 'slices', 'a.json'], '3', true)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await modeOf(path.join(root, 'new'))).toBe(0o700);
    expect(await modeOf(path.join(root, 'new/r/slices'))).toBe(0o700);
    expect(await modeOf(path.join(root, 'new/r/slices/a.json'))).toBe(0o600);
    expect(await readdir(path.join(root, 'new/r/slices'))).toEqual(['a.json']);
    await files.remove('r', 'slices', 'a.json');
    await files.remove('never', 'there');
    expect(await files.list('r', 'slices')).toEqual([]);
  });

  it('are not what a link leads to', async () => {
    const files = makeContainedFiles(base);
    await symlink(path.join(outside, 'secret.json'), path.join(base, 'r', 'report.json'));
    await symlink(outside, path.join(base, 'r', 'slices'));
    await symlink(outside, path.join(base, 'linked-run'));
    for (const names of [
      ['r', 'report.json'],
      ['r', 'slices', 'secret.json'],
      ['linked-run', 'secret.json'],
    ]) {
      await expect(files.read(...names)).rejects.toThrow(LinkOutsideError);
      await expect(files.head(...names)).rejects.toThrow(LinkOutsideError);
    }
    await expect(files.list('r', 'slices')).rejects.toThrow(LinkOutsideError);
    await expect(files.list('linked-run', 'any')).rejects.toThrow(LinkOutsideError);
    expect(await files.list('r')).toEqual(
      ['report.json', 'slices'].map((name) => ({ name, isDirectory: false, isFile: false })),
    );
  });

  it('are regular files: nothing else is opened', async () => {
    const files = makeContainedFiles(base);
    execFileSync('mkfifo', [path.join(base, 'r', 'fifo.json')]);
    const server = createServer().listen(path.join(base, 'r', 'socket.json'));
    try {
      for (const [name, kind] of [
        ['fifo.json', 'a FIFO'],
        ['socket.json', 'a socket'],
      ] as const) {
        for (const refused of [files.read('r', name), files.head('r', name)]) {
          await expect(refused).rejects.toThrow(`${name} is ${kind}, and should be a regular file`);
        }
        await expect(files.list('r', name)).rejects.toThrow(`${name} is ${kind}, and should be a directory`);
      }
      await expect(files.read('r')).rejects.toThrow(FileKindError);
      await expect(makeContainedFiles('/dev').read('null')).rejects.toThrow('/dev/null is a device');
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('replace a link, and write nothing behind one', async () => {
    const files = makeContainedFiles(base);
    await symlink(path.join(outside, 'secret.json'), path.join(base, 'r', 'report.json'));
    await symlink(outside, path.join(base, 'r', 'slices'));
    await symlink(path.join(outside, 'new'), path.join(base, 'dangling'));
    await files.write(['r', 'report.json'], 'mine');
    expect(await readFile(path.join(base, 'r', 'report.json'), 'utf8')).toBe('mine');
    await expect(files.write(['r', 'slices', 'x.json'], 'mine')).rejects.toThrow(LinkOutsideError);
    await expect(files.write(['r', 'slices', 'deeper', 'x.json'], 'mine')).rejects.toThrow(LinkOutsideError);
    await expect(files.write(['dangling', 'x.json'], 'mine')).rejects.toThrow(LinkOutsideError);
    await expect(files.remove('r', 'slices', 'secret.json')).rejects.toThrow(LinkOutsideError);
    expect(await readdir(outside)).toEqual(['secret.json']);
    expect(await readFile(path.join(outside, 'secret.json'), 'utf8')).toBe('secret');
  });

  it.each([[['..', 'x']], [['r', '']], [['r/../..', 'x']], [['r', 'a\0b']], [['.']]])(
    'have names of their own: %j',
    async (names) => {
      await expect(makeContainedFiles(base).write(names, '')).rejects.toThrow(RangeError);
      await expect(makeContainedFiles(base).read(...names)).rejects.toThrow(RangeError);
    },
  );

  it('may lie behind a link that the user chose', async () => {
    await symlink(base, path.join(root, 'chosen'));
    const files = makeContainedFiles(path.join(root, 'chosen'));
    await files.write(['r', 'a.json'], '1');
    expect(await readFile(path.join(base, 'r', 'a.json'), 'utf8')).toBe('1');
  });
});
