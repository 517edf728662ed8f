import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** All that is deployed, and all that makes ARNs or hands them to users. */
const scanned = ['src', 'functions', 'stack', 'statemachine', 'dashboards', 'serverless.yml', 'docs/iam'];

it('names no partition: ARNs of China and GovCloud begin otherwise', () => {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...scanned], {
    cwd: root,
    encoding: 'utf8',
  });
  const files = listed.split('\n').filter((file) => file !== '');
  expect(files).toEqual(expect.arrayContaining(['serverless.yml', 'statemachine/load-test.asl.json']));
  const found = files.flatMap((file) =>
    readFileSync(path.join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, i) => (/\barn:aws[\w-]*:/.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
  );
  expect(found).toEqual([]);
});
