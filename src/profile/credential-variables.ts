import { isObject, valueAt } from '../shared/json-path.ts';

/** Environment variables that a profile, in the user's form, takes passwords and headers from: they go to where devices connect. */
export function variablesNamedIn(input: unknown): string[] {
  if (!isObject(input)) return [];
  const parts = [input, ...(isObject(input.groups) ? Object.values(input.groups) : [])];
  const names = parts.flatMap((part) => {
    const headers = valueAt(part, ['http', 'headers']);
    return [
      valueAt(part, ['connect', 'password', 'variable']),
      ...(isObject(headers) ? Object.values(headers).map((value) => valueAt(value, ['variable'])) : []),
    ];
  });
  return [...new Set(names.filter((name) => typeof name === 'string'))];
}
