import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseJsonText } from '../../../src/shared/json-text.ts';
import { checkJsonValue, maxDepth } from '../../../src/shared/json-value.ts';
import { randomCases } from '../../support/effort.ts';
import { inputErrorsOf } from '../../support/input-errors.ts';

function errorsOf(text: string | Uint8Array) {
  return inputErrorsOf(() => parseJsonText(text, 'p.json'));
}

const clean = fc
  .jsonValue({ maxDepth: 4 })
  .filter((value) => checkJsonValue(value).length === 0)
  .map((value) => JSON.parse(JSON.stringify(value)) as unknown);

describe('parseJsonText', () => {
  it('gives what JSON.parse gives', () => {
    fc.assert(
      fc.property(clean, (value) => {
        expect(parseJsonText(JSON.stringify(value), 'p')).toEqual(value);
        expect(parseJsonText(Buffer.from(JSON.stringify(value, null, 2)), 'p')).toEqual(value);
      }),
      randomCases(),
    );
  });

  it('takes a comment wherever white space may stand, and keeps the lines', () => {
    fc.assert(
      fc.property(clean, fc.constantFrom('// "a": 1,\n', '/* { */', '/* "\n */'), (value, comment) => {
        const lines = JSON.stringify(value, null, 1).split('\n');
        expect(parseJsonText(`${comment}${lines.join(`${comment.trimEnd()}\n`)}\n${comment}`, 'p')).toEqual(
          value,
        );
      }),
      randomCases(),
    );
    expect(parseJsonText('{"url": "http://x/*y*/"}', 'p')).toEqual({ url: 'http://x/*y*/' });
    expect(errorsOf('{ // one\n "a": 1,\n /* two */ b: 2 }')).toMatchObject([{ path: 'line 3, column 12' }]);
  });

  it.each([
    ['{"a": 1,\n "a": 2}', 'line 2, column 2', 'the key "a" stands twice; the first is in line 1'],
    [
      '{"x": {"a": 1}, "y": {"b": 1, "b": 1}}',
      'line 1, column 31',
      'the key "b" stands twice; the first is in line 1',
    ],
    ['{"seed": 9007199254740993}', 'seed', 'is beyond 2^53'],
    ['{"p": [-12345678901234567890123]}', 'line 1, column 8', 'is beyond 2^53'],
    ['{"p": 1e400}', 'line 1, column 7', '1e400 is beyond the largest number'],
    ['{"p": {"__proto__": {"q": 1}}}', 'p.__proto__', 'cannot be the name of a field'],
    ['{"p": "\\ud800"}', 'p', 'half of a surrogate pair'],
    ['{"\\udc00": 1}', 'profile', 'half of a surrogate pair'],
    ['{"p": 1,}', 'line 1, column 9', 'Expected double-quoted property name'],
    ['', 'JSON', 'there is no JSON in it'],
    ['// only a comment', 'JSON', 'there is no JSON in it'],
  ])('refuses %s', (text, path, message) => {
    expect(errorsOf(text)).toEqual([
      {
        path,
        message: expect.stringContaining(message),
        hint: text.includes('{') ? expect.any(String) : undefined,
      },
    ]);
  });

  it('lets pass what loses nothing', () => {
    const text = '{"a": 9007199254740991, "b": 6.02e23, "c": 0.1, "d": "\\ud83d\\ude80", "e": 1e21}';
    expect(parseJsonText(text, 'p')).toEqual({ a: 2 ** 53 - 1, b: 6.02e23, c: 0.1, d: '🚀', e: 1e21 });
  });

  it('names the line of what is not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('{\n"name": "caf'), Buffer.from([0xe9]), Buffer.from('"}')]);
    expect(errorsOf(bytes)).toMatchObject([{ path: 'line 2', message: 'is not UTF-8' }]);
    expect(parseJsonText(Buffer.from('\ufeff{"a": "é"}'), 'p')).toEqual({ a: 'é' });
  });

  it('refuses what is nested too deeply, however deep', () => {
    for (const levels of [maxDepth + 1, 1_500, 200_000]) {
      for (const [open, close] of [
        ['[', ']'],
        ['{"a":', '}'],
      ] as const) {
        const text = `${open.repeat(levels)}1${close.repeat(levels)}`;
        expect(errorsOf(text)).toMatchObject([{ message: expect.stringContaining('nested more than') }]);
      }
    }
    expect(errorsOf(`${'['.repeat(maxDepth)}${']'.repeat(maxDepth)}`)).toEqual([]);
  });
});
