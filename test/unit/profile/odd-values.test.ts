import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { InvalidInputError } from '../../../src/shared/errors.ts';
import { isObject, type JsonObject } from '../../../src/shared/json-path.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';

// Every setting of the schema, by its own example, with every part of that example replaced by a value of another kind.

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly examples?: readonly unknown[];
}

const schema = JSON.parse(readFileSync('profiles/load-profile.schema.json', 'utf8')) as Schema;
const odd: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  0.5,
  9,
  1e12,
  '',
  'x',
  '5s',
  '2s..1s',
  [],
  ['x'],
  {},
  { x: 1 },
];

/** Profiles that have a setting by its example, at its place. */
function* examplesOf({ properties = {} }: Schema, place: readonly string[] = []): Iterable<JsonObject> {
  for (const [name, setting] of Object.entries(properties)) {
    const here = [...place, name];
    for (const example of setting.examples ?? [])
      yield here.reduceRight<unknown>((inner, key) => ({ [key]: inner }), example) as JsonObject;
    yield* examplesOf(setting, here);
  }
}

/** Copies of a value in which one part is another, or is missing. */
function* changed(value: unknown): Iterable<unknown> {
  yield* odd;
  if (!isObject(value) && !Array.isArray(value)) return;
  for (const [key, part] of Object.entries(value)) {
    const replaced = (by: unknown) =>
      Array.isArray(value) ? Object.assign([...value], { [key]: by }) : { ...value, [key]: by };
    for (const each of changed(part)) yield replaced(each);
    if (!Array.isArray(value))
      yield Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  }
}

const loads: readonly JsonObject[] = [
  { devices: 10, ratePerSecond: 10, duration: '10s' },
  { users: 10, thinkTime: '1s', duration: '10s', target: 'http://127.0.0.1:1' },
];

it('is a mistake of the user’s with a path, whatever a setting is', () => {
  const internal = new Map<string, string>();
  let refused = 0;
  for (const load of loads) {
    for (const example of examplesOf(schema)) {
      for (const change of changed(example)) {
        const profile = { ...load, ...(isObject(change) ? change : {}) };
        try {
          parseProfile(profile);
        } catch (error) {
          if (error instanceof InvalidInputError && error.errors.every(({ path }) => path !== '')) refused++;
          else internal.set(String(error).slice(0, 60), JSON.stringify(change));
        }
      }
    }
  }
  expect([...internal]).toEqual([]);
  expect(refused).toBeGreaterThan(1_000);
}, 120_000);
