import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const root = new URL('../../../', import.meta.url).pathname;
const page = readFileSync(`${root}docs/iot-core-fidelity.md`, 'utf8');

/** The folders that a short name such as `mqtt/connect` is below. */
const folders = [
  'test/wire/embedded/iot-core',
  'test/unit/embedded/iot-core',
  'test/wire/embedded',
  'test/unit/embedded',
  'test',
];

/** Names in backticks in the last cell of each row, but for "the same". */
const names = [
  ...new Set(
    page
      .split('\n')
      .filter((line) => /^\| .* \|$/.test(line))
      .map((line) => line.slice(0, -2).split(' | ').at(-1) ?? '')
      .flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)),
  ),
];

describe('the tests that iot-core-fidelity.md names', () => {
  it('are many', () => expect(names.length).toBeGreaterThan(40));

  it.each(names)('%s exists', (name) => {
    const files = folders.flatMap((folder) =>
      globSync(`${folder}/${name}.{test,integration,timing}.ts`, { cwd: root }),
    );
    expect(files.length).toBeGreaterThan(0);
  });
});
