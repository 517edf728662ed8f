import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = path.resolve(import.meta.dirname, '../../..');

describe('CONTRIBUTING.md', () => {
  it('names files and folders that exist', async () => {
    const text = await readFile(path.join(root, 'CONTRIBUTING.md'), 'utf8');
    const named = [
      ...text.matchAll(/`((?:src|test|functions|stack|dashboards|scripts|docs)(?:\/[\w./-]*)?)`/g),
    ].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((name) => !existsSync(path.join(root, name)))).toEqual([]);
  });
});
