import type { InputError } from './errors.ts';
import { formatPath } from './json-path.ts';

/** Levels of objects and lists in a profile: far more than a payload needs, few enough for every recursion here. */
export const maxDepth = 100;

const tooDeepMessage = `is nested more than ${maxDepth} levels deep`;

export function tooDeep(path: string): InputError {
  return {
    path,
    message: tooDeepMessage,
    hint: `use at most ${maxDepth} levels of objects and lists`,
  };
}

/** The one error that makes further checks of the value unsafe: they recurse. */
export function isTooDeep({ message }: InputError): boolean {
  return message === tooDeepMessage;
}

/**
 * What a JSON value may not hold, wherever it came from: integers that were changed when they were read, the key
 * `__proto__`, half of a surrogate pair, more than `maxDepth` levels. Does not recurse.
 */
export function checkJsonValue(root: unknown): InputError[] {
  const errors: InputError[] = [];
  const queue: { readonly value: unknown; readonly path: readonly (string | number)[] }[] = [
    { value: root, path: [] },
  ];
  // Iterates over what is added meanwhile; `shift` would move the rest of a long list each time.
  for (const { value, path } of queue) {
    const where = formatPath(path) || 'profile';
    if (typeof value === 'number' && isChangedInteger(value)) {
      errors.push({
        path: where,
        message: `${value} is beyond 2^53, where integers lose their last digits`,
        hint: `write at most ${Number.MAX_SAFE_INTEGER}, or a string`,
      });
    } else if (typeof value === 'string' && !value.isWellFormed()) {
      errors.push({ path: where, ...loneSurrogate(value) });
    } else if (typeof value === 'object' && value !== null) {
      if (path.length >= maxDepth) return [tooDeep(formatPath(path.slice(0, 1)))];
      for (const [key, inner] of Object.entries(value)) {
        const innerPath = [...path, Array.isArray(value) ? Number(key) : key];
        if (key === '__proto__') {
          errors.push({
            path: formatPath(innerPath),
            message: 'cannot be the name of a field',
            hint: 'JavaScript reads __proto__ as something else: give the field another name',
          });
        } else if (!key.isWellFormed()) {
          errors.push({ path: where, ...loneSurrogate(key) });
        }
        queue.push({ value: inner, path: innerPath });
      }
    }
  }
  return errors;
}

/** From 10^21 on, a number is written with an exponent, and is no exact count. */
function isChangedInteger(value: number): boolean {
  const magnitude = Math.abs(value);
  return Number.isInteger(value) && magnitude > Number.MAX_SAFE_INTEGER && magnitude < 1e21;
}

function loneSurrogate(text: string): Pick<InputError, 'message' | 'hint'> {
  const shown = JSON.stringify(text);
  return {
    message: `${shown.length <= 60 ? shown : `${shown.slice(0, 57)}…`} has half of a surrogate pair, which is no character`,
    hint: 'write both halves (such as \\ud83d\\ude80), or the character itself',
  };
}
