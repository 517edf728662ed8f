import type { InputError } from '../shared/errors.ts';
import { isObject } from '../shared/json-path.ts';
import { suggestFrom } from '../shared/nearest.ts';

/** Texts of the CSV files of one profile. */
export interface CsvTexts {
  /** A row for each device. */
  readonly devices?: string | undefined;
  /** A row for each message of a device. */
  readonly values?: string | undefined;
  /** Some file could not be read, and has an error of its own: which columns there are is not known. */
  readonly isIncomplete?: boolean;
}

/** Profiles travel through state payloads of 256 KB. */
const maxCsvCharacters = 131_072;

const csvCall = /\{\{\s*csv\(\s*(?:'([^'\\]*)'|"([^"\\]*)")\s*\)\s*\}\}/g;

/** A payload with the columns of CSV files in place of its `{{csv('column')}}`, and every error. @param path of the payload */
export function fillInColumns(
  payload: unknown,
  texts: CsvTexts,
  path: string,
): { readonly payload: unknown; readonly errors: readonly InputError[] } {
  const errors: InputError[] = [];
  const columns = new Map<string, string>();
  const add = (name: string, column: string, at: string) => {
    const hint = 'give the column another name';
    if (columns.has(name))
      errors.push({ path: at, message: `has the column ${name}, which is there already`, hint });
    columns.set(name, column);
  };
  let areKnown = texts.isIncomplete !== true;
  for (const [kind, call] of [
    ['devices', 'perDevice'],
    ['values', 'perMessage'],
  ] as const) {
    const at = `publish.csv.${kind}`;
    const text = texts[kind] ?? '';
    const found = readCsv(text, at, errors);
    areKnown &&= found.length > 0 || text === '';
    for (const { name, cells } of found) add(name, `{{${call}(${argumentsOf(cells)})}}`, at);
  }
  const filled = (value: unknown, at: string): unknown => {
    if (typeof value === 'string')
      return value.replaceAll(csvCall, (_, single?: string, double?: string) => {
        const name = single ?? double ?? '';
        const column = columns.get(name);
        if (column !== undefined) return column;
        if (areKnown) errors.push({ path: at, ...noColumn(name, [...columns.keys()]) });
        // Any value will do: the profile is refused.
        return '{{n}}';
      });
    if (Array.isArray(value)) return value.map((item, i) => filled(item, `${at}[${i}]`));
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, field]) => [key, filled(field, `${at}.${key}`)]),
    );
  };
  return { payload: filled(payload, path), errors };
}

function noColumn(name: string, columns: readonly string[]): Pick<InputError, 'message' | 'hint'> {
  if (columns.length > 0) {
    const hint = suggestFrom(name, columns, 'the columns are');
    return { message: `"${name}" is no column of publish.csv`, hint };
  }
  const hint =
    'name one: "csv": {"devices": "devices.csv"} has a row for each device, {"values": …} one for each message';
  return { message: `takes the column ${name}, and publish.csv names no file`, hint };
}

/** Numbers where all cells of the column are numbers, otherwise texts. */
function argumentsOf(cells: readonly string[]): string {
  const areNumbers = cells.every((cell) => /^-?(0|[1-9]\d{0,14})(\.\d+)?$/.test(cell));
  return cells.map((cell) => (areNumbers ? cell : `'${cell.replaceAll(/[\\']/g, '\\$&')}'`)).join(', ');
}

interface Column {
  readonly name: string;
  readonly cells: readonly string[];
}

/** Columns by the names in the first line (RFC 4180: commas, quotation marks, lines of equal length). */
function readCsv(text: string, path: string, errors: InputError[]): readonly Column[] {
  if (text === '') return [];
  const fail = (message: string, hint: string) => errors.push({ path, message, hint });
  if (text.length > maxCsvCharacters) {
    const hint = `leave at most ${maxCsvCharacters}: the profile travels with what the files hold`;
    fail(`has ${text.length} characters`, hint);
    return [];
  }
  const [head, ...rows] = splitLines(text.replace(/^\uFEFF/, ''));
  const names = head?.cells ?? [];
  const [, other] = (names.length === 1 && /^[^;\t]*([;\t])/.exec(names[0]!)) || [];
  if (other !== undefined) {
    fail(`has ${other === ';' ? 'semicolons' : 'tabs'} between its columns`, 'divide columns by commas');
    return [];
  }
  if (rows.length === 0)
    fail('has no row after its first line', 'name the columns in the first line, and add rows');
  for (const { cells, line } of rows)
    if (cells.length !== names.length) {
      const message = `line ${line} has ${cells.length} cells, and the first line has ${names.length}`;
      fail(message, 'give each line the same columns');
    }
  return names.map((name, i) => ({ name: name.trim(), cells: rows.map(({ cells }) => cells[i] ?? '') }));
}

/** A cell, in quotation marks or not, and what ends it. A quotation mark in the middle of a cell stands for itself. */
const cellPattern = /(?:"((?:[^"]|"")*)"(?=,|\r?\n|$)|([^,\r\n]*))(,|\r?\n|$)/y;

interface Line {
  readonly cells: readonly string[];
  /** Of its beginning, from 1. */
  readonly line: number;
}

function splitLines(text: string): Line[] {
  const lines: Line[] = [];
  let cells: string[] = [];
  let line = 1;
  let begins = 1;
  for (let at = 0; at <= text.length; ) {
    cellPattern.lastIndex = at;
    const [all = '', quoted, plain = '', end = ''] = cellPattern.exec(text) ?? [];
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += all.split('\n').length - 1;
    at += Math.max(all.length, 1);
    if (end === ',') continue;
    if (cells.length > 1 || cells[0] !== '') lines.push({ cells, line: begins });
    cells = [];
    begins = line;
    if (end === '') break;
  }
  return lines;
}
