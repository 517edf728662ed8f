import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { issuableActions } from '../../../src/plan/actions/issuable-actions.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/live-actions.md'), 'utf8');

it('lists every setting of actions as the command line explains it', () => {
  const rows = issuableActions.flatMap(({ settings }) =>
    Object.entries(settings).map(([name, { takes, meaning }]) => `| \`${name}\` | ${takes} | ${meaning} |`),
  );
  expect(page.split('\n').filter((line) => /^\| `/.test(line))).toEqual(rows);
});
