import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from '@jest/globals';

/**
 * Compares outputs with files of `test/golden/{folder}` that were once read and found right. `UPDATE_GOLDEN=1 npm test`
 * writes the files again: read the difference before you commit it.
 */
export function goldenIn(folder: string, extension = ''): (name: string, output: string) => void {
  const directory = path.resolve(import.meta.dirname, '../golden', folder);
  return (name, output) => {
    const file = path.join(directory, `${name}${extension}`);
    if (process.env.UPDATE_GOLDEN === '1') {
      mkdirSync(directory, { recursive: true });
      writeFileSync(file, output);
    }
    expect(existsSync(file) ? readFileSync(file, 'utf8') : 'no such golden file').toBe(output);
  };
}
