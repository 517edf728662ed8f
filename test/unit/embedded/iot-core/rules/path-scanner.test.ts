import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PathScanner } from '../../../../../src/embedded/iot-core/rules/path-scanner.ts';
import { anyCharacter } from '../../../../support/any-character.ts';
import { randomCases } from '../../../../support/effort.ts';

const paths = [['stampede', 'n'], ['stampede', 'at'], ['stampede'], ['t'], ['a', 'b', 'c']] as const;

/** The plain version: JSON.parse, then walk. */
function parsed(text: string): unknown[] | 'invalid' {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'invalid';
  }
  return paths.map((path) =>
    path.reduce<unknown>(
      (at, key) =>
        typeof at === 'object' && at !== null && !Array.isArray(at) && Object.hasOwn(at, key)
          ? (at as Record<string, unknown>)[key]
          : undefined,
      value,
    ),
  );
}

/** The text within a larger chunk, as a payload lies in it. */
function scanned(text: Buffer): unknown[] | 'invalid' | 'undecided' {
  const before = 5;
  const bytes = Buffer.concat([Buffer.from('[{"t"'), text, Buffer.from('"}],1')]);
  const scanner = new PathScanner(paths);
  const outcome = scanner.scan(bytes, before, before + text.length);
  if (outcome !== 'found') return outcome;
  return paths.map((_, slot) =>
    scanner.starts[slot] === -1
      ? undefined
      : (JSON.parse(bytes.toString('utf8', scanner.starts[slot], scanner.ends[slot])) as unknown),
  );
}

const key = fc.constantFrom('stampede', 'n', 'at', 't', 'a', 'b', 'c', 'padding', 'stamped', '');
const { value } = fc.letrec<{ value: string }>((tie) => {
  const space = fc.constantFrom('', '', '', ' ', '\n\t ');
  const spaced = (text: fc.Arbitrary<string>) =>
    fc.tuple(space, text, space).map(([before, inner, after]) => before + inner + after);
  const member = fc
    .tuple(spaced(key.map((name) => JSON.stringify(name))), tie('value'))
    .map((pair) => pair.join(':'));
  return {
    value: spaced(
      fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom(
          '1',
          '-0',
          '1.50',
          '2e3',
          '-7.25E-1',
          'true',
          'false',
          'null',
          '"x"',
          '"\\u00e9\\n\\""',
        ),
        fc.string({ unit: anyCharacter }).map((text) => JSON.stringify(text)),
        // Fillers, long enough for the scanner to know them again.
        fc.integer({ min: 40, max: 90 }).map((length) => `"${'x'.repeat(length)}"`),
        fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
        fc.array(member, { maxLength: 5 }).map((members) => `{${members.join(',')}}`),
      ),
    ),
  };
});

describe('PathScanner', () => {
  it('finds what JSON.parse finds, the last of equal keys included', () => {
    fc.assert(
      fc.property(value, (text) => {
        const found = scanned(Buffer.from(text));
        expect(found === 'undecided' ? parsed(text) : found).toEqual(parsed(text));
        if (!/[{[]/.test(text)) expect(found).not.toBe('undecided');
      }),
      randomCases(2_000),
    );
  });

  it('takes for JSON what JSON.parse takes, and nothing else', () => {
    const broken = fc.tuple(
      value,
      fc.nat(),
      fc.constantFrom('', '"', ',', '{', '}', '0', '-', 'e', '\\', '\n', '\u0001', ':'),
    );
    fc.assert(
      fc.property(broken, ([text, where, instead]) => {
        const at = where % Math.max(1, text.length);
        const mutated = text.slice(0, at) + instead + text.slice(at + 1);
        const found = scanned(Buffer.from(mutated));
        if (found !== 'undecided') expect(found === 'invalid').toBe(parsed(mutated) === 'invalid');
      }),
      randomCases(3_000),
    );
  });

  it.each([
    '',
    ' ',
    '01',
    '1.',
    '.5',
    '+1',
    '1e',
    'nul',
    'truer',
    '"\\x"',
    '"\\u12g4"',
    '"',
    '{"t"}',
    '{"t":}',
    '[1,]',
    '{"t":1,}',
    '{t:1}',
    '1 2',
    '\ufeff1',
    "'x'",
  ])('refuses %j', (text) => {
    expect(scanned(Buffer.from(text))).toBe('invalid');
    expect(parsed(text)).toBe('invalid');
  });

  it('leaves what is nested deeply, or has escapes in its keys, to JSON.parse', () => {
    expect(scanned(Buffer.from(`${'['.repeat(100_000)}`))).toBe('undecided');
    expect(scanned(Buffer.from('{"st\\u0061mpede":{"n":1}}'))).toBe('undecided');
    expect(scanned(Buffer.from('{"x":{"\\u0061":1},"t":2}'))).toEqual([
      undefined,
      undefined,
      undefined,
      2,
      undefined,
    ]);
  });
});
