import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { makeStepFunctions } from '../../../../src/embedded/step-functions/step-functions.ts';
import { makeValidDefinitions } from '../../../../src/embedded/step-functions/valid-definitions.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'stampede-valid-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const valid = { StartAt: 'Only', States: { Only: { Type: 'Succeed' } } };
const invalid = { StartAt: 'Another', States: { Only: { Type: 'Succeed' } } };

/** As embedded AWS does when it starts. */
const warm = (definition: typeof valid, cache: string | undefined) =>
  makeStepFunctions({
    stateMachineName: 'x',
    definition,
    valid: makeValidDefinitions(cache),
    invokeFunction: async () => '',
    putObject: async () => ({}),
  }).warm();

const remembered = (): readonly string[] => {
  try {
    return readdirSync(path.join(directory, 'valid-state-machines'));
  } catch {
    return [];
  }
};

it('remembers a definition that is valid, by its content', async () => {
  await warm(valid, directory);
  await warm(valid, directory);
  expect(remembered()).toHaveLength(1);
  await warm({ ...valid, States: { Only: { Type: 'Fail' } } }, directory);
  expect(remembered()).toHaveLength(2);
});

it('does not remember one that is refused', async () => {
  for (const _ of [1, 2]) await expect(warm(invalid, directory)).rejects.toThrow();
  expect(remembered()).toEqual([]);
});

it('does not validate one again that it remembers', async () => {
  makeValidDefinitions(directory).add(invalid);
  await warm(invalid, directory);
});

it('validates each time where there is no directory, or none that can be written to', async () => {
  for (const cache of [undefined, '/dev/null/cache']) {
    await warm(valid, cache);
    await expect(warm(invalid, cache)).rejects.toThrow();
  }
});
