import { describe, expect, it } from '@jest/globals';
import { print, printable } from '../../../../src/cli/output/printable.ts';

describe('printable', () => {
  it('shows escape sequences and bidi controls, and keeps other text', () => {
    expect(printable('a\u001b]0;title\u0007b\u009b2J\r\u202egpj.exe\u2066\u0000')).toBe(
      'a\\u001b]0;title\\u0007b\\u009b2J\\u000d\\u202egpj.exe\\u2066\\u0000',
    );
    expect(printable('\u001b[8mhidden\u001b[5m\u001b[1;1H')).toBe('\\u001b[8mhidden\\u001b[5m\\u001b[1;1H');
    const normal = 'Zürich 東京 🚀 👩‍👩‍👧 “–” é ▁▂▃\n\tשלום';
    expect(printable(normal)).toBe(normal);
  });

  it('keeps the styles of the CLI', () => {
    const styled = '\u001b[1mhead\u001b[22m \u001b[31mbad\u001b[39m \u001b[2mdim\u001b[22m';
    expect(printable(styled)).toBe(styled);
  });

  it('leaves JSON the same value', () => {
    const value = { a: '\u001b[2J\u009b\u202e\u007f', b: 'plain' };
    const json = printable(JSON.stringify(value));
    expect(JSON.parse(json)).toEqual(value);
    expect(json).not.toMatch(/[\u007f-\u009f\u202e]/);
  });

  it('is what print writes', () => {
    const written: string[] = [];
    const stream = { write: (text: string) => written.push(text) > 0 };
    print(stream as unknown as NodeJS.WritableStream, '\u001b[2J');
    expect(written).toEqual(['\\u001b[2J']);
  });
});
