import * as z from 'zod';
import { durationPattern } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import { formatPath, type JsonObject, valueAt } from '../shared/json-path.ts';
import { nearestOf, suggestFrom } from '../shared/nearest.ts';
import { type ProfileSettings, profileSchema } from './schema.ts';
import { settingHint, shownAs } from './setting-words.ts';
import { openUnion, otherTypeOf, readSound } from './sound-part.ts';

/** A profile checked against its schema, one setting at a time. */
export interface Validation {
  /** With every default, and the default in place of what is faulty, so that the rules can look at all the rest. */
  readonly settings: ProfileSettings;
  readonly errors: readonly InputError[];
  /** Whether a setting, and everything within it, conforms to the schema. */
  readonly isSound: (path: string) => boolean;
}

/** @param input of a flat profile */
export function validateShape(input: JsonObject): Validation {
  const result = profileSchema.safeParse(input);
  if (result.success) return { settings: result.data, errors: [], isSound: () => true };
  const issues = result.error.issues.flatMap((issue) => openUnion(issue, input));
  // A group with a key too many is as sound as the settings in it.
  const faulty = issues
    .filter((issue) => issue.code !== 'unrecognized_keys')
    .map((issue) => formatPath(issue.path));
  return {
    // The one required setting: `isSound` says that it is not the user's.
    settings: readSound(profileSchema, input, { devices: 1 }),
    errors: issues.flatMap((issue) => errorsOf(issue, input)),
    isSound: (path) => !faulty.some((error) => isWithin(error, path) || isWithin(path, error)),
  };
}

function isWithin(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);
}

function errorsOf(issue: z.core.$ZodIssue, input: JsonObject): InputError[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(issue.path, key));
  const value = valueAt(input, issue.path);
  return [{ path: formatPath(issue.path), message: messageOf(issue, value), hint: hintOf(issue, value) }];
}

/** What MQTT 3.1.1 and other tools call a setting. */
const otherNames: ReadonlyMap<string, string> = new Map([
  ['cleanSession', 'cleanStart'],
  ['properties', 'userProperties'],
  ['ttl', 'messageExpiry'],
]);

function unknownKey(parent: readonly PropertyKey[], key: string): InputError {
  const known = keysOf(schemaAt(parent));
  const path = formatPath([...parent, key]);
  const message = 'is not a setting of a load profile';
  const other = otherNames.get(key);
  if (other !== undefined && known.includes(other))
    return { path, message, hint: `did you mean "${other}"?` };
  if (nearestOf(key, known) !== undefined) return { path, message, hint: suggestFrom(key, known, '') };
  const elsewhere = settingPaths().find((setting) => setting.split('.').at(-1) === key);
  // Within the stages of stages, say, its own name is no help.
  if (elsewhere !== undefined && !parent.includes(key))
    return { path, message, hint: `did you mean "${elsewhere}"?` };
  return { path, message, hint: suggestFrom(key, known, 'the settings here are') };
}

function messageOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === undefined) return 'is missing';
  const shown = shownAs(value);
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${expectedBy(issue)}, not ${shown}`;
    case 'invalid_union':
      return unionMessageOf(issue, value);
    case 'too_small':
      return `must ${sizeWords(issue.origin, issue.exact ? 'exactly' : issue.inclusive === false ? 'above' : 'at least', Number(issue.minimum))}, not ${countOf(value, shown)}`;
    case 'too_big':
      return `must ${sizeWords(issue.origin, issue.exact ? 'exactly' : issue.inclusive === false ? 'below' : 'at most', Number(issue.maximum))}, not ${countOf(value, shown)}`;
    case 'invalid_value':
      return `must be ${expectedBy(issue)}, not ${shown}`;
    case 'invalid_format':
      return issue.pattern === String(durationPattern) ? `${shown} is not a duration` : `cannot be ${shown}`;
    case 'custom':
      return issue.message;
    default:
      return `cannot be ${shown}`;
  }
}

/** Of a value that is of the type of some form, and faulty in each, nothing more can be said. */
function unionMessageOf({ errors }: z.core.$ZodIssueInvalidUnion, value: unknown): string {
  const mismatches = errors.flatMap((form) => otherTypeOf(form, value) ?? []);
  if (mismatches.length < errors.length) return `cannot be ${shownAs(value)}`;
  return `must be ${[...new Set(mismatches.map(expectedBy))].join(' or ')}, not ${shownAs(value)}`;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};

function expectedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return issue.values.map(String).join(' or ');
  const expected = issue.code === 'invalid_type' ? issue.expected : issue.code;
  return typeNames[expected] ?? expected;
}

function sizeWords(origin: string, relation: string, bound: number): string {
  if (origin === 'string') return `have ${relation} ${bound} ${bound === 1 ? 'character' : 'characters'}`;
  if (origin === 'array') return `have ${relation} ${bound} entries`;
  return `be ${relation} ${bound}`;
}

function countOf(value: unknown, shown: string): string {
  return typeof value === 'string' || Array.isArray(value) ? String(value.length) : shown;
}

/** A mistyped word's nearest, a duration's spelling, or what the setting is for. */
function hintOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_value' && typeof value === 'string') {
    const nearest = nearestOf(value, issue.values.map(String));
    if (nearest !== undefined) return `did you mean "${nearest}"?`;
  }
  if (issue.path[0] === 'thresholds' && issue.path.length === 2) {
    return 'a list of expressions, such as ["p(99)<500"]';
  }
  // An entry without words of its own has those of its list.
  return settingHint(metaOf(schemaAt(issue.path)) ?? metaOf(schemaAt(issue.path.slice(0, -1))));
}

function metaOf(schema: z.ZodType | undefined): z.core.GlobalMeta | undefined {
  return (
    schema?.meta() ?? (schema instanceof z.ZodOptional ? metaOf(schema.unwrap() as z.ZodType) : undefined)
  );
}

/** The schema of a setting, as it is in its parent: with its default and its description. */
function schemaAt(path: readonly PropertyKey[]): z.ZodType | undefined {
  return path.reduce<z.ZodType | undefined>((schema, part) => {
    const bare = bareOf(schema);
    if (bare instanceof z.ZodObject) return bare.shape[String(part)] as z.ZodType | undefined;
    if (bare instanceof z.ZodArray) return bare.element as z.ZodType;
    if (bare instanceof z.ZodRecord) return bare.valueType as z.ZodType;
    return undefined;
  }, profileSchema);
}

function bareOf(schema: z.ZodType | undefined): z.ZodType | undefined {
  // Only objects have something within.
  if (schema instanceof z.ZodUnion) {
    return (schema.options as z.ZodType[]).find((form) => form instanceof z.ZodObject);
  }
  return schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional
    ? bareOf(schema.unwrap() as z.ZodType)
    : schema;
}

function keysOf(schema: z.ZodType | undefined): string[] {
  const bare = bareOf(schema);
  return bare instanceof z.ZodObject ? Object.keys(bare.shape) : [];
}

/** Every setting within a group: `connect.protocol`, `publish.qos`, …, and those at the top. */
export function settingPaths(): string[] {
  return keysOf(profileSchema).flatMap((key) => {
    const inner = keysOf(schemaAt([key]));
    return inner.length === 0 ? [key] : inner.map((name) => `${key}.${name}`);
  });
}
