import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from '@jest/globals';

const directory = path.resolve(import.meta.dirname, '../../golden/report');

/**
 * Holds an output against the file that was once looked at and found good. `UPDATE_GOLDEN=1 npm test` writes the files
 * anew; look at what changed before committing it.
 */
export function expectGolden(name: string, output: string): void {
  const file = path.join(directory, `${name}.golden`);
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(directory, { recursive: true });
    writeFileSync(file, output);
  }
  expect(existsSync(file) ? readFileSync(file, 'utf8') : 'no such golden file').toBe(output);
}
