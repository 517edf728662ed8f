import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseProfile } from '../../../src/targets/parse-profile.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const text = await readFile(path.join(root, 'docs/coming-from.md'), 'utf8');

describe('docs/coming-from.md', () => {
  it('has load profiles without errors', () => {
    const profiles = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json = '']) => JSON.parse(json));
    expect(profiles.length).toBeGreaterThan(1);
    for (const profile of profiles) expect(parseProfile(profile).devices).toBeGreaterThan(0);
  });

  it('names profiles that exist', () => {
    const named = [...text.matchAll(/profiles\/[\w-]+\.json/g)].map(([file]) => file);
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  });
});
