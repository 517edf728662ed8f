import { isObject, valueAt } from '../shared/json-path.ts';

/** Environment variables that a profile, in the user's form, takes passwords from: they go to where devices connect. */
export function variablesNamedIn(input: unknown): string[] {
  if (!isObject(input)) return [];
  const parts = [input, ...(isObject(input.groups) ? Object.values(input.groups) : [])];
  const names = parts.map((part) => valueAt(part, ['connect', 'password', 'variable']));
  return [...new Set(names.filter((name) => typeof name === 'string'))];
}
