import { describe, expect, it } from '@jest/globals';
import { leastPayloadBytes } from '../../../src/profile/payload-size.ts';
import { parsePayloadTemplate } from '../../../src/profile/payload-template.ts';
import { templateFunctions } from '../../../src/profile/template-functions.ts';

function templateOf(text: string) {
  const { template, errors } = parsePayloadTemplate(text);
  expect(errors).toEqual([]);
  return template;
}

describe('parsePayloadTemplate', () => {
  it.each([
    ['{{deviceId}}', { name: 'deviceId' }],
    ['{{ deviceIndex }}', { name: 'deviceIndex' }],
    ['{{n()}}', { name: 'n' }],
    ['{{now}}', { name: 'now' }],
    ['{{uuid}}', { name: 'uuid' }],
    ['{{random(0, 100)}}', { name: 'random', min: 0, max: 100, decimals: 2 }],
    ['{{random(-1.5,1e3,0)}}', { name: 'random', min: -1.5, max: 1000, decimals: 0 }],
    ['{{gaussian(21, 2)}}', { name: 'gaussian', mean: 21, sd: 2, decimals: 2 }],
    ["{{choice('on', 'it\\'s', \"a }} b\", 3)}}", { name: 'choice', values: ['on', "it's", 'a }} b', 3] }],
    ['{{sine(0, 1, 60)}}', { name: 'sine', min: 0, max: 1, periodSeconds: 60, decimals: 2 }],
    ['{{walk(5, .5)}}', { name: 'walk', start: 5, step: 0.5, min: -Infinity, max: Infinity, decimals: 2 }],
    ['{{walk(5, 1, 0, 10)}}', { name: 'walk', start: 5, step: 1, min: 0, max: 10, decimals: 2 }],
    ['{{randomBytes(16)}}', { name: 'randomBytes', bytes: 16 }],
  ])('reads %s as one value', (text, call) => {
    expect(templateOf(text)).toEqual({ kind: 'call', call });
  });

  it('keeps mixed text a text', () => {
    expect(templateOf('id {{deviceId}} of {{n}}')).toEqual({
      kind: 'text',
      parts: ['id ', { name: 'deviceId' }, ' of ', { name: 'n' }],
    });
    expect(templateOf('{{n}}{{n}}')).toEqual({ kind: 'text', parts: [{ name: 'n' }, { name: 'n' }] });
    expect(templateOf('{ "json": 1 }}')).toEqual({ kind: 'literal', value: '{ "json": 1 }}' });
  });

  it('goes through objects and lists, in order', () => {
    const { template } = parsePayloadTemplate({ b: [1, '{{n}}', null], a: { c: true } });
    expect(template).toEqual({
      kind: 'object',
      entries: [
        [
          'b',
          {
            kind: 'list',
            items: [
              { kind: 'literal', value: 1 },
              { kind: 'call', call: { name: 'n' } },
              { kind: 'literal', value: null },
            ],
          },
        ],
        ['a', { kind: 'object', entries: [['c', { kind: 'literal', value: true }]] }],
      ],
    });
  });

  it.each([
    ['{{deviceId', /never closed/],
    ['{{}}', /not a template/],
    ['{{random(1, 2}}', /not a template/],
    ['{{random(1(2)}}', /not a template/],
    ['{{random(1,)}}', /not a template/],
    ['{{random 1, 2}}', /not a template/],
    ['{{gausian(1, 2)}}', /no template function "gausian"/],
    ['{{constructor}}', /no template function/],
    ['{{deviceId(1)}}', /takes no arguments/],
    ['{{random(1)}}', /2 to 3 numbers, not 1/],
    ["{{random(1, 'a')}}", /'a' is not a number/],
    ['{{random(2, 1)}}', /min 2 is above max 1/],
    ['{{random(1, 2, 16)}}', /decimals/],
    ['{{gaussian(1, -1)}}', /negative/],
    ['{{choice()}}', /nothing to choose/],
    ['{{sine(0, 1, 0)}}', /period/],
    ['{{sine(2, 1, 1)}}', /above max/],
    ['{{walk(5, 1, 6, 10)}}', /not between/],
    ['{{walk(5, -1)}}', /negative/],
    ['{{walk(5, 1, 3, 2)}}', /above max/],
    ['{{randomBytes(0.5)}}', /whole number/],
    ['{{randomBytes(100000)}}', /98304/],
    ['{{n}} {{x}}', /no template function "x"/],
  ])('refuses %s with a hint', (text, message) => {
    const { template, errors } = parsePayloadTemplate({ field: text });
    expect(errors).toEqual([
      {
        path: 'publish.payload.field',
        message: expect.stringMatching(message),
        hint: expect.stringMatching(/\S/),
      },
    ]);
    expect(template).toEqual({ kind: 'object', entries: [['field', { kind: 'literal', value: null }]] });
  });

  it('finds every fault, each at its place, also in keys', () => {
    const { errors } = parsePayloadTemplate({ a: ['{{x}}', 'fine', { '{{n}}': '{{y}}' }] });
    expect(errors.map((error) => error.path)).toEqual([
      'publish.payload.a[0]',
      'publish.payload.a[2].{{n}}',
      'publish.payload.a[2].{{n}}',
    ]);
  });

  it('explains each function by how it is written', () => {
    for (const [name, { usage, help }] of Object.entries(templateFunctions)) {
      expect(usage.startsWith(name)).toBe(true);
      expect(help).not.toBe('');
    }
  });
});

describe('leastPayloadBytes', () => {
  it.each([
    [{}, 2],
    [[], 2],
    [{ a: 1, b: [true, null], c: 'ä' }, 32],
    ['{{randomBytes(3)}}', 6],
    [{ id: '{{uuid}}' }, 45],
    ["x {{choice('abc', 'de')}}", 6],
    ["{{choice('abc', 'de')}}", 4],
    ['{{choice(100, 20)}}', 2],
  ])('of %j is %d', (payload, bytes) => {
    expect(leastPayloadBytes(parsePayloadTemplate(payload).template)).toBe(bytes);
  });

  it('has the keys that CBOR writes, and none of those that a schema numbers', () => {
    const { template } = parsePayloadTemplate({ temperature: '{{uuid}}', tags: { é: 'abc' } });
    expect(leastPayloadBytes(template, 'cbor')).toBe(12 + 16 + 5 + 3 + 3);
    expect(leastPayloadBytes(template, 'sparkplug-b')).toBe(16 + 3);
  });

  it('is exact where nothing is drawn', () => {
    const payload = { a: [1, 2, { b: 'text "quoted"' }], c: {}, d: [], e: -1.5 };
    expect(leastPayloadBytes(parsePayloadTemplate(payload).template)).toBe(JSON.stringify(payload).length);
  });
});
