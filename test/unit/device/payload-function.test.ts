import { describe, expect, it } from '@jest/globals';
import { BareWriter } from '../../../src/device/bare-writer.ts';
import {
  keyOfFunction,
  PayloadFunctionError,
  type PayloadFunctions,
} from '../../../src/device/encodings/payload-function.ts';
import type { JsonValue } from '../../../src/profile/load-profile.ts';
import type { PayloadFunction, PayloadMessage } from '../../../src/profile/payload-message.ts';
import { bareSettings } from '../../support/device/bare-settings.ts';

const encoding = { module: { file: '/somewhere/own.mjs' } };

interface More {
  readonly payload?: JsonValue;
  readonly seed?: number;
  readonly envelopePlace?: 'property' | 'prefix';
  readonly payloadFunctions?: PayloadFunctions;
}

function writerOf(make: PayloadFunction, { payload = {}, ...more }: More = {}) {
  return new BareWriter({
    ...bareSettings,
    encoding,
    payload,
    payloadFunctions: new Map([[keyOfFunction(encoding), make]]),
    ...more,
  });
}

const numbers = { n: 12, device: 5, k: 2, atMs: 1_700_000_000_000.25 };
const sentMs = 1_700_000_000_001.5;

function written(make: PayloadFunction, more: More = {}): string {
  return writerOf(make, more).write(numbers, sentMs).toString('latin1');
}

function errorOf(make: PayloadFunction): string {
  const writer = writerOf(make);
  try {
    writer.write(numbers, sentMs);
  } catch (error) {
    expect(error).toBeInstanceOf(PayloadFunctionError);
    expect((error as PayloadFunctionError).exitCode).toBe(2);
    return (error as Error).message;
  }
  throw new Error('no error');
}

describe('a payload function', () => {
  it('is called with which message it is, its times, and the values of the payload', () => {
    let seen: PayloadMessage | undefined;
    const payload = { id: '{{deviceId}}', all: ['{{sequence}}', true], text: 'n is {{n}}' };
    writerOf(
      (message) => {
        seen = message;
        return '';
      },
      { payload },
    ).write(numbers, sentMs);
    expect(seen).toEqual({
      runId: 'run-1',
      device: 45,
      deviceId: 'd45',
      n: 2,
      elapsedMs: 12 * 37.25,
      at: numbers.atMs,
      now: sentMs,
      seed: 42,
      values: { id: 'd45', all: [2, true], text: 'n is 12' },
      random: expect.any(Function),
    });
  });

  it('may return bytes, a text or any value of JSON', () => {
    expect(written(() => Buffer.from([0, 255, 10]))).toBe('\u0000ÿ\n');
    expect(written(() => new Uint8Array([1, 2]).subarray(1))).toBe('\u0002');
    expect(written(() => new Uint8Array([3]).buffer)).toBe('\u0003');
    expect(
      Buffer.from(
        written(() => 'é'),
        'latin1',
      ).toString(),
    ).toBe('é');
    expect(written(({ n }) => ({ n, list: [null] }))).toBe('{"n":2,"list":[null]}');
    expect(written(() => 5)).toBe('5');
    expect(written(() => null)).toBe('null');
    expect(written(() => '')).toBe('');
  });

  it('draws the same numbers for the same message, whatever was drawn before', () => {
    const draw: PayloadFunction = ({ random }) => [random(), random()];
    const writer = writerOf(draw);
    const first = writer.write(numbers, sentMs).toString();
    writer.write({ ...numbers, k: 3, n: 13 }, sentMs);
    expect(writer.write(numbers, sentMs + 9).toString()).toBe(first);
    const [a, b] = JSON.parse(first) as number[];
    expect(a).not.toBe(b);
    for (const number of [a!, b!]) expect(number >= 0 && number < 1).toBe(true);
    const payload = { x: '{{random(0, 1)}}' };
    expect(written(draw, { payload })).toBe(first);
    expect(written(draw, { seed: 43 })).not.toBe(first);
  });

  it('has its envelope in a user property, or in a line before its payload', () => {
    const writer = writerOf(() => 'payload');
    expect(writer.write(numbers, sentMs).toString()).toBe('payload');
    expect(writer.properties?.toString('latin1')).toContain('{"stampede":{"run":"run-1","slice":3');
    const [line, rest] = written(() => 'pay\nload', { envelopePlace: 'prefix' }).split(/\n(.*)/s);
    expect(JSON.parse(line!)).toMatchObject({ stampede: { n: 12, device: 45 } });
    expect(rest).toBe('pay\nload');
  });

  it('has errors that name the function, the message and the place', () => {
    const thrown = errorOf(() => {
      const error = new TypeError('x is undefined');
      error.stack = 'TypeError: x is undefined\n    at payload (file:///somewhere/own.mjs:12:5)';
      throw error;
    });
    expect(thrown).toBe(
      'your function of own.mjs failed for message 2 of device d45: TypeError: x is undefined (own.mjs:12:5)',
    );
    expect(errorOf(() => Promise.reject(new Error('late')))).toContain('returned a promise');
    expect(errorOf(() => undefined)).toContain('returned nothing, which is no payload');
    expect(errorOf(() => 5n)).toContain('returned a bigint');
    expect(
      errorOf(() => {
        throw 'a text';
      }),
    ).toContain('a text');
    expect(errorOf(() => Buffer.alloc(300_000))).toContain('300,000 bytes, and the most is 262,144');
    const circular: unknown[] = [];
    circular.push(circular);
    expect(errorOf(() => circular)).toContain('circular');
  });

  it('has to be loaded', () => {
    expect(() => writerOf(() => '', { payloadFunctions: new Map() })).toThrow('was not loaded');
  });
});
