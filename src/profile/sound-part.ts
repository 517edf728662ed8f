import type * as z from 'zod';
import { isObject, type JsonObject, valueAt } from '../shared/json-path.ts';

type Issue = z.core.$ZodIssue;

/**
 * What an input is by its schema without what is faulty in it. Of a faulty list nothing stays, because its order has a meaning; a setting that
 * lacks a required part without what is faulty in it is faulty as a whole.
 * @param schema of which an empty object lacks nothing but what `least` has
 * @param least required settings, for an input without sound ones
 */
export function readSound<Output>(
  schema: z.ZodType<Output>,
  input: JsonObject,
  least: JsonObject = {},
): Output {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issues = result.error.issues
    .flatMap((issue) => openUnion(issue, input))
    // A missing part cannot be taken out: what lacks it is.
    .map((issue) => (isMissing(issue, input) ? { ...issue, path: issue.path.slice(0, -1) } : issue));
  return readSound(schema, { ...least, ...withoutFaulty(input, issues) }, least);
}

/** Of a union, the issues of the form that the value is meant to have; of a value that has none, the union's own. */
export function openUnion(issue: Issue, input: unknown): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const value = valueAt(input, issue.path);
  const ofType = issue.errors.filter((form) => otherTypeOf(form, value) === undefined);
  const known = ofType.filter((form) =>
    form.every(({ code, path }) => code !== 'unrecognized_keys' || path.length > 0),
  );
  const [meant, ...others] = known.length > 0 ? known : ofType;
  if (meant === undefined || others.length > 0) return [issue];
  return meant.flatMap((inner) => openUnion({ ...inner, path: [...issue.path, ...inner.path] }, input));
}

/** The issue by which a value is of another type than this form of a union. */
export function otherTypeOf(form: readonly Issue[], value: unknown): Issue | undefined {
  return form.find((issue) => {
    if (issue.path.length > 0) return false;
    if (issue.code === 'invalid_value') return issue.values.every((each) => typeof each !== typeof value);
    if (issue.code !== 'invalid_union') return issue.code === 'invalid_type';
    return issue.errors.every((inner) => otherTypeOf(inner, value) !== undefined);
  });
}

function isMissing(issue: Issue, input: JsonObject): boolean {
  return (
    issue.path.length > 1 && issue.code !== 'unrecognized_keys' && valueAt(input, issue.path) === undefined
  );
}

function withoutFaulty(input: JsonObject, issues: readonly Issue[]): JsonObject {
  const copy = structuredClone(input);
  for (const issue of issues) {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
    for (const key of keys) remove(copy, [...issue.path, key]);
    if (keys.length === 0) remove(copy, issue.path);
  }
  return copy;
}

function remove(root: JsonObject, path: readonly PropertyKey[]): void {
  const list = path.findIndex((part) => typeof part === 'number');
  const kept = list < 0 ? path : path.slice(0, list);
  const parent = valueAt(root, kept.slice(0, -1));
  if (!isObject(parent)) return;
  delete parent[String(kept.at(-1))];
  // Nothing is known of a part of a setting that was nothing but faults.
  if (kept.length > 2 && Object.keys(parent).length === 0) remove(root, kept.slice(0, -1));
}
