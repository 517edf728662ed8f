/** The profile that is being written: JSON as it stands in the page, right or wrong. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Undefined: not JSON, or no object. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @param path `connect.protocol`, `stages[1].target` */
export function valueAt(profile: JsonObject, path: string): Json | undefined {
  let value: Json | undefined = profile;
  for (const key of keysOf(path)) {
    if (Array.isArray(value)) value = value[Number(key)];
    else if (value !== undefined && isObject(value))
      value = Object.hasOwn(value, key) ? value[key] : undefined;
    else return undefined;
  }
  return value;
}

/** Changes the profile; `undefined` takes the setting away, and an object that is left empty with it. */
export function setAt(profile: JsonObject, path: string, value: Json | undefined): void {
  const keys = keysOf(path);
  const last = keys.pop();
  if (last === undefined) return;
  let place: Json = profile;
  const way: [JsonObject, string][] = [];
  for (const key of keys) {
    let next: Json | undefined = Array.isArray(place) ? place[Number(key)] : (place as JsonObject)[key];
    if (next === undefined || typeof next !== 'object' || next === null) {
      if (value === undefined) return;
      next = {};
      (place as JsonObject)[key] = next;
    }
    if (isObject(place)) way.push([place, key]);
    place = next;
  }
  if (value !== undefined) {
    (place as JsonObject)[last] = value;
    return;
  }
  delete (place as JsonObject)[last];
  for (const [object, key] of way.toReversed()) {
    const left = object[key];
    if (left !== undefined && isObject(left) && Object.keys(left).length === 0) delete object[key];
  }
}

/**
 * What a form field's text stands for: nothing, a number where one is meant, or the text itself, of which the check says
 * what is wrong with it.
 */
export function valueOfText(text: string, kind: 'text' | 'number'): Json | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const number = Number(trimmed);
  return kind === 'number' && Number.isFinite(number) ? number : trimmed;
}

function keysOf(path: string): string[] {
  return path.split(/[.[\]]+/).filter((key) => key !== '');
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
