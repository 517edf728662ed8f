import { execFile } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = path.resolve(import.meta.dirname, '../..');
const jest = path.join(root, 'node_modules/jest/bin/jest.js');

/** Status by test, of a run of the repository's own Jest over fixtures, in one process. */
async function statusesOf(fixtures: string): Promise<readonly (readonly [string, string])[]> {
  const match = `<rootDir>/test/support/jest/fixtures/${fixtures}.fixture.ts`;
  const output = await new Promise<string>((resolve) => {
    const args = [jest, '--runInBand', '--json', '--testMatch', match];
    execFile(process.execPath, args, { cwd: root }, (_error, stdout) => resolve(stdout));
  });
  const { testResults } = JSON.parse(output) as {
    readonly testResults: readonly {
      readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
    }[];
  };
  return testResults.flatMap((file) =>
    file.assertionResults.map(({ title, status }) => [title, status] as const),
  );
}

describe('a test file', () => {
  it('finds globals, variables and its own modules as they were, whatever another file did', async () => {
    const oneFile = [
      ['finds no trace of another file', 'passed'],
      ['leaves its own', 'passed'],
    ];
    expect(await statusesOf('{one,other}')).toEqual([...oneFile, ...oneFile]);
  });

  it('fails by each of what fails a test', async () => {
    expect(await statusesOf('failing')).toEqual(
      [
        'is wrong',
        'does not end',
        'asserts less than it says',
        'leaves a rejection',
        'leaves an error',
        'does not pass',
      ].map((title) => [title, 'failed']),
    );
  });
});
