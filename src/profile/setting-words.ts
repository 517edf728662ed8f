import { isObject } from '../shared/json-path.ts';

/** What a schema says of a setting. */
interface SettingMeta {
  readonly description?: string | undefined;
  readonly examples?: unknown;
}

/** The first sentence of a setting's description, and an example: a hint for a value that it does not take. */
export function settingHint({ description = '', examples }: SettingMeta = {}): string {
  const purpose = /^.*?\.(?= |$)/s.exec(description)?.[0].slice(0, -1) ?? 'see load-profile.schema.json';
  const example = Array.isArray(examples) ? `; for example ${JSON.stringify(examples[0])}` : '';
  return `${purpose}${example}`;
}

/** A value as errors repeat it, cut at 60 characters. */
export function shownAs(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return 'an object';
  // JSON has no words for NaN and Infinity, which 1e999 is read as.
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
