import { createScanner, visit } from 'jsonc-parser';
import { type InputError, InvalidInputError, messageOf } from './errors.ts';
import { checkJsonValue, maxDepth, tooDeep } from './json-value.ts';

export interface JsonText {
  readonly value: unknown;
  /** What the value does not hold as it was written, each with its line and column. */
  readonly errors: readonly InputError[];
}

/**
 * Reads JSON with comments (JSONC), and reports what a JavaScript value does not hold as it was written: repeated keys,
 * integers of 22 digits and more, numbers past the largest double. `checkJsonValue` finds what can be seen in the value.
 * @param name of the text, for the error
 * @throws InvalidInputError where there is no value: text that is not JSON, not UTF-8, or nested too deeply
 */
export function readJsonText(given: string | Uint8Array, name: string): JsonText {
  const text = (typeof given === 'string' ? given : decodeUtf8(given, name)).replace(/^\uFEFF/, '');
  const { bare, depth } = withoutComments(text);
  if (depth > maxDepth) throw new InvalidInputError(name, [tooDeep('JSON')]);
  return { value: parseStrictly(bare, text, name), errors: checkTokens(bare) };
}

/**
 * The same where there is nothing else to check.
 * @throws InvalidInputError with every error of the text and of its value
 */
export function parseJsonText(given: string | Uint8Array, name: string): unknown {
  const { value, errors: ofText } = readJsonText(given, name);
  const errors = [...ofText, ...checkJsonValue(value)];
  if (errors.length > 0) throw new InvalidInputError(name, errors);
  return value;
}

function decodeUtf8(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const at = firstInvalidUtf8(bytes);
    const line = bytes.subarray(0, at).reduce((lines, byte) => lines + (byte === 0x0a ? 1 : 0), 1);
    throw new InvalidInputError(name, [
      { path: `line ${line}`, message: 'is not UTF-8', hint: 'save the file as UTF-8' },
    ]);
  }
}

/** Index of the first byte that no longer decodes: the length of the longest valid prefix. */
function firstInvalidUtf8(bytes: Uint8Array): number {
  const isValid = (length: number): boolean => {
    try {
      // Streaming: a character that is cut off at the end is not an error.
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  let valid = 0;
  let invalid = bytes.length;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (isValid(middle)) valid = middle;
    else invalid = middle;
  }
  return valid;
}

/** jsonc-parser's `SyntaxKind`: a const enum, which type stripping cannot read. */
const tokens = {
  openBrace: 1,
  closeBrace: 2,
  openBracket: 3,
  closeBracket: 4,
  lineComment: 12,
  blockComment: 13,
  end: 17,
} as const;

/**
 * The text with blanks in place of its comments, so that every line and column stays; and how many levels of brackets it
 * has. Scans without recursion.
 */
function withoutComments(text: string): { readonly bare: string; readonly depth: number } {
  const scanner = createScanner(text, false);
  const parts: string[] = [];
  let kept = 0;
  let depth = 0;
  let deepest = 0;
  for (let token: number = scanner.scan(); token !== tokens.end; token = scanner.scan()) {
    if (token === tokens.openBrace || token === tokens.openBracket) deepest = Math.max(deepest, ++depth);
    else if (token === tokens.closeBrace || token === tokens.closeBracket) depth--;
    else if (token === tokens.lineComment || token === tokens.blockComment) {
      const start = scanner.getTokenOffset();
      const end = start + scanner.getTokenLength();
      parts.push(text.slice(kept, start), text.slice(start, end).replace(/[^\r\n]/g, ' '));
      kept = end;
    }
  }
  parts.push(text.slice(kept));
  return { bare: parts.join(''), depth: deepest };
}

function parseStrictly(bare: string, text: string, name: string): unknown {
  try {
    return JSON.parse(bare) as unknown;
  } catch (error) {
    throw new InvalidInputError(name, [syntaxError(text, bare, error)]);
  }
}

function syntaxError(text: string, bare: string, error: unknown): InputError {
  const message = messageOf(error);
  const [, what, line, column] =
    /^(.*?) in JSON at position \d+ \(line (\d+) column (\d+)\)/s.exec(message) ?? [];
  const found =
    what === undefined
      ? { path: 'JSON', message: bare.trim() === '' ? 'there is no JSON in it' : message }
      : { path: `line ${line}, column ${column}`, message: what };
  if (/,\s*[}\]]/.test(bare)) return { ...found, hint: 'JSON has no comma before a closing bracket' };
  if (/^\s*#/m.test(text)) return { ...found, hint: 'a comment begins with // or stands in /* */' };
  return found;
}

/** What JSON.parse drops or changes without an error: earlier values of a repeated key, digits of a number. */
function checkTokens(bare: string): InputError[] {
  const errors: InputError[] = [];
  const objects: Map<string, number>[] = [];
  const add = (line: number, column: number, message: string, hint: string): void => {
    errors.push({ path: `line ${line + 1}, column ${column + 1}`, message, hint });
  };
  visit(bare, {
    onObjectBegin: () => {
      objects.push(new Map());
    },
    onObjectEnd: () => {
      objects.pop();
    },
    onObjectProperty(key, _offset, _length, line, column) {
      const keys = objects.at(-1)!;
      const first = keys.get(key);
      if (first === undefined) keys.set(key, line);
      else {
        const message = `the key ${JSON.stringify(key)} stands twice; the first is in line ${first + 1}`;
        add(line, column, message, 'JSON would keep the last one without a word: remove one of them');
      }
    },
    onLiteralValue(value, offset, length, line, column) {
      if (typeof value !== 'number') return;
      const literal = bare.slice(offset, offset + length);
      const wrong = whatNumberLoses(literal, value);
      if (wrong !== undefined) add(line, column, `${shortened(literal)} ${wrong.message}`, wrong.hint);
    },
  });
  return errors;
}

function whatNumberLoses(
  literal: string,
  value: number,
): { readonly message: string; readonly hint: string } | undefined {
  if (!Number.isFinite(value)) {
    return { message: 'is beyond the largest number there is (1.8e308)', hint: 'write a smaller number' };
  }
  // Up to 21 digits the value itself is checked; longer ones lose their digits too.
  if (/^-?\d{22,}$/.test(literal)) {
    return { message: 'is beyond 2^53 and would lose digits', hint: 'write it as a string' };
  }
  return undefined;
}

function shortened(literal: string): string {
  return literal.length <= 40 ? literal : `${literal.slice(0, 30)}… (${literal.length} characters)`;
}
