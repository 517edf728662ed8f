import type { InputError } from '../shared/errors.ts';
import { suggestFrom } from '../shared/nearest.ts';
import type { JsonValue } from './load-profile.ts';
import {
  type TemplateArgument,
  type TemplateCall,
  type TemplateFunctionName,
  templateFunctions,
} from './template-functions.ts';

/**
 * A payload with its `{{…}}` parsed, ready to be compiled. A string that is exactly one `{{…}}` is a `call` and yields
 * a JSON value of the function's own type (`"{{gaussian(21, 2)}}"` → `20.63`); any other string with templates is
 * `text` and stays a string.
 */
export type PayloadTemplate =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'call'; readonly call: TemplateCall }
  | { readonly kind: 'text'; readonly parts: readonly (string | TemplateCall)[] }
  | { readonly kind: 'list'; readonly items: readonly PayloadTemplate[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [string, PayloadTemplate])[] };

export interface ParsedPayload {
  readonly template: PayloadTemplate;
  /** Every error of the payload; where there is one, the template holds null in its place. */
  readonly errors: readonly InputError[];
}

export function parsePayloadTemplate(payload: JsonValue, path = 'publish.payload'): ParsedPayload {
  const errors: InputError[] = [];
  return { template: templateOf(payload, path, errors), errors };
}

function templateOf(value: JsonValue, path: string, errors: InputError[]): PayloadTemplate {
  if (typeof value === 'string') return templateOfText(value, path, errors);
  if (value === null || typeof value !== 'object') return { kind: 'literal', value };
  if (isList(value)) {
    return { kind: 'list', items: value.map((item, i) => templateOf(item, `${path}[${i}]`, errors)) };
  }
  const entries = Object.entries(value).map(([key, field]) => {
    const fieldPath = `${path}.${key}`;
    if (key.includes('{{')) {
      errors.push({
        path: fieldPath,
        message: 'a template is not allowed in a key',
        hint: 'keep the keys fixed and put the template in the value',
      });
    }
    return [key, templateOf(field, fieldPath, errors)] as const;
  });
  return { kind: 'object', entries };
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function templateOfText(text: string, path: string, errors: InputError[]): PayloadTemplate {
  if (!text.includes('{{')) return { kind: 'literal', value: text };
  const parts: (string | TemplateCall)[] = [];
  let from = 0;
  for (let open = text.indexOf('{{'); open >= 0; open = text.indexOf('{{', from)) {
    if (open > from) parts.push(text.slice(from, open));
    const parsed = parseCall(text, open + 2);
    if ('wrong' in parsed) {
      errors.push({ path, message: parsed.wrong, hint: parsed.hint });
      return { kind: 'literal', value: null };
    }
    parts.push(parsed.call);
    from = parsed.end;
  }
  if (from < text.length) parts.push(text.slice(from));
  const only = parts[0];
  return parts.length === 1 && typeof only === 'object'
    ? { kind: 'call', call: only }
    : { kind: 'text', parts };
}

type Parsed = { readonly call: TemplateCall; readonly end: number } | Wrong;
interface Wrong {
  readonly wrong: string;
  readonly hint: string;
}

const nameToken = /\s*([A-Za-z][A-Za-z0-9]*)\s*/y;
const argumentToken =
  /\s*(?:([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*/y;
const closeToken = /\s*\}\}/y;

/** `name` or `name(argument, …)` and the closing `}}`, from `start`, just after the `{{`. */
function parseCall(text: string, start: number): Parsed {
  if (!text.includes('}}', start)) return malformed(text, start);
  const name = matchAt(nameToken, text, start);
  if (name === null) return malformed(text, start);
  const fn = functionNamed(name[1]!);
  if (fn === undefined) {
    return {
      wrong: `there is no template function "${name[1]}"`,
      hint: suggestFunction(name[1]!),
    };
  }
  const list = parseArguments(text, nameToken.lastIndex);
  if (list === undefined || matchAt(closeToken, text, list.end) === null) return malformed(text, start);
  const end = closeToken.lastIndex;
  const call = fn.call(list.args);
  if (typeof call !== 'string') return { call, end };
  return { wrong: `{{${text.slice(start, end - 2)}}}: ${call}`, hint: `${fn.usage}: ${fn.help}` };
}

/** What other tools call a function. */
const otherNames: ReadonlyMap<string, string> = new Map([
  ['counter', 'sequence'],
  ['count', 'sequence'],
  ['seq', 'sequence'],
  ['timestamp', 'now'],
  ['time', 'now'],
  ['integer', 'random'],
  ['int', 'random'],
]);

function suggestFunction(name: string): string {
  const other = otherNames.get(name.toLowerCase());
  return other === undefined
    ? suggestFrom(name, Object.keys(templateFunctions), 'the functions are')
    : `did you mean "${other}"?`;
}

function functionNamed(name: string) {
  return Object.hasOwn(templateFunctions, name) ? templateFunctions[name as TemplateFunctionName] : undefined;
}

/** The arguments in parentheses at `start`, none where there is no parenthesis; undefined where they are malformed. */
function parseArguments(
  text: string,
  start: number,
): { readonly args: readonly TemplateArgument[]; readonly end: number } | undefined {
  if (text[start] !== '(') return { args: [], end: start };
  const empty = /\(\s*\)/y;
  if (matchAt(empty, text, start) !== null) return { args: [], end: empty.lastIndex };
  const args: TemplateArgument[] = [];
  let at = start;
  do {
    const token = matchAt(argumentToken, text, at + 1);
    if (token === null) return undefined;
    args.push(token[1] === undefined ? unquote(token[2] ?? token[3] ?? '') : Number(token[1]));
    at = argumentToken.lastIndex;
  } while (text[at] === ',');
  return text[at] === ')' ? { args, end: at + 1 } : undefined;
}

function unquote(quoted: string): string {
  return quoted.replace(/\\(.)/g, '$1');
}

/** After a match, the pattern's `lastIndex` is where it ended. */
function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function malformed(text: string, start: number): Wrong {
  const close = text.indexOf('}}', start);
  const shown = close < 0 ? text.slice(start - 2) : text.slice(start - 2, close + 2);
  return {
    wrong: close < 0 ? `"${shown}" is never closed` : `"${shown}" is not a template`,
    hint: "write {{deviceId}}, {{random(0, 100)}} or {{choice('on', 'off')}}",
  };
}
