import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from '@jest/globals';

/** Compares with `test/golden/cli/{name}`; `UPDATE_GOLDEN=1 npm test -- test/cli` writes it anew. */
export function expectGolden(name: string, text: string): void {
  const path = join(import.meta.dirname, '../../golden/cli', name);
  if (process.env.UPDATE_GOLDEN === '1' || (!existsSync(path) && process.env.CI === undefined)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  expect(text).toBe(readFileSync(path, 'utf8'));
}
