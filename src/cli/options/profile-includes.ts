import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type CsvTexts, fillInColumns } from '../../profile/csv-columns.ts';
import { encodingSettingsIn } from '../../profile/encoding.ts';
import type { InputError } from '../../shared/errors.ts';
import { isObject } from '../../shared/json-path.ts';
import type { JsonText } from '../../shared/json-text.ts';
import { whyNotReadable } from './unreadable-file.ts';

type Form = Record<string, unknown>;

/**
 * A load profile with the contents of the files that it names: the text of .proto files, and the columns of CSV files.
 * @param directory that their paths begin in
 */
export async function withFiles({ value, errors }: JsonText, directory: string): Promise<JsonText> {
  const copy: unknown = structuredClone(value);
  const includes = new Includes(directory);
  await includes.addSchemas(copy);
  await includes.fillIn(copy, {}, '');
  return { value: copy, errors: [...errors, ...includes.errors] };
}

/** A load profile whose payload functions are in modules with absolute paths: slices load them in processes of their own. */
export function withModulePaths(form: unknown, directory: string): unknown {
  const copy: unknown = structuredClone(form);
  for (const { settings } of encodingSettingsIn(copy, 'module'))
    if (typeof settings.file === 'string') settings.file = resolve(directory, settings.file);
  return copy;
}

class Includes {
  readonly errors: InputError[] = [];
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async addSchemas(form: unknown): Promise<void> {
    for (const { settings, path } of encodingSettingsIn(form, 'protobuf'))
      if (settings.schema === undefined) {
        const schema = await this.#textOf(settings.file, `${path}.file`);
        if (schema !== undefined) settings.schema = schema;
      }
  }

  /** @param form a profile or a group; its payloads are replaced @param outer the files of the profile that the group is in */
  async fillIn(form: unknown, outer: CsvTexts, at: string): Promise<void> {
    if (!isObject(form)) return;
    const { publish, messages = {}, groups = {} } = form;
    const texts = isObject(publish) ? await this.#takeCsv(publish as Form, outer, at) : outer;
    const settings: [path: string, settings: unknown][] = [['publish', publish]];
    if (isObject(messages))
      settings.push(
        ...Object.entries(messages).map(([name, kind]) => [`messages.${name}`, kind] as [string, unknown]),
      );
    for (const [path, each] of settings) {
      if (!isObject(each) || each.payload === undefined) continue;
      const { payload, errors } = fillInColumns(each.payload, texts, `${at}${path}.payload`);
      this.errors.push(...errors);
      (each as Form).payload = payload;
    }
    for (const [name, group] of isObject(groups) ? Object.entries(groups) : [])
      await this.fillIn(group, texts, `${at}groups.${name}.`);
  }

  async #takeCsv(publish: Form, outer: CsvTexts, at: string): Promise<CsvTexts> {
    const { csv } = publish;
    if (csv === undefined) return outer;
    // What it is instead has an error where the profile is read.
    if (!isObject(csv)) return { isIncomplete: true };
    delete publish.csv;
    const before = this.errors.length;
    const devices = await this.#textOf(csv.devices, `${at}publish.csv.devices`);
    const values = await this.#textOf(csv.values, `${at}publish.csv.values`);
    const isIncomplete = outer.isIncomplete === true || this.errors.length > before;
    return { devices: devices ?? outer.devices, values: values ?? outer.values, isIncomplete };
  }

  /** @returns undefined for no path, and for a file that cannot be read */
  async #textOf(file: unknown, path: string): Promise<string | undefined> {
    if (typeof file !== 'string') return undefined;
    try {
      return await readFile(resolve(this.#directory, file), 'utf8');
    } catch (error) {
      const message = `cannot be read: ${whyNotReadable(error)}`;
      this.errors.push({ path, message, hint: 'give its path from the directory of the profile' });
      return undefined;
    }
  }
}
