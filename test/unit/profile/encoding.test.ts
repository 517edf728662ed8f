import { describe, expect, it } from '@jest/globals';
import { envelopePlaceOf, takesAnyPayload } from '../../../src/profile/encoding.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { inputErrorsOf } from '../../support/input-errors.ts';

const minimal = { devices: 10, ratePerSecond: 10, duration: '10s' };

function pathsOf(form: object): string[] {
  return inputErrorsOf(() => parseLoadProfile(form)).map(({ path }) => path);
}

describe('publish.encoding', () => {
  it.each([
    [{ encoding: 'plain-json', payload: [1, { stampede: 2 }], sizeBytes: 100 }, []],
    [{ encoding: 'text', payload: 'a{{n}}' }, []],
    [{ encoding: 'bytes', payload: "0a FF {{choice('01', '02 03')}}" }, []],
    [{ encoding: 'cbor', payload: { padding: 1 } }, []],
    [{ encoding: { module: { file: './own.mjs' } }, payload: { any: ['{{n}}'] } }, []],
    [{ encoding: { module: { file: './own.mjs' } }, sizeBytes: 10 }, ['publish.sizeBytes']],
    [{ encoding: { module: { file: '' } } }, ['publish.encoding.module.file']],
    [{ encoding: {} }, ['publish.encoding']],
    [{ encoding: { module: { file: 'x' }, protobuf: { schema: '', message: '' } } }, ['publish.encoding']],
    [{ payload: { module: './own.mjs' } }, ['publish.payload']],
    [{ payload: { module: 'A7' } }, []],
    [{ encoding: 'plain-json', payload: { module: './own.mjs' } }, []],
    [{ encoding: 'xml' }, ['publish.encoding']],
    [{ encoding: 'text' }, ['publish.payload']],
    [{ encoding: 'text', payload: 7 }, ['publish.payload']],
    [{ encoding: 'bytes', payload: ['00'] }, ['publish.payload']],
    [{ encoding: 'bytes', payload: '0' }, ['publish.payload']],
    [{ encoding: 'bytes', payload: "hi {{choice('01', 'x')}}" }, ['publish.payload', 'publish.payload']],
    [{ encoding: 'cbor', sizeBytes: 100 }, ['publish.sizeBytes']],
    [{ encoding: 'cbor', payload: ['{{nope}}'] }, ['publish.payload[0]']],
  ])('of %j: errors at %j', (publish, paths) => {
    expect(pathsOf({ ...minimal, publish })).toEqual(paths);
  });

  const schema =
    'message A { int32 i = 1; E e = 2; repeated A many = 3; required B b = 4; } enum E { X = 0; } message B {}';
  it.each([
    [schema, 'A', { i: 1, e: 'X', many: [], b: {} }, []],
    [
      schema,
      'A',
      { i: 1.5, e: 'Y', many: 1 },
      ['publish.payload', 'publish.payload.e', 'publish.payload.i', 'publish.payload.many'],
    ],
    [schema, 'A', { I: 1, b: 2 }, ['publish.payload.I', 'publish.payload.b']],
    [schema, 'A', 'text', ['publish.payload']],
    [schema, 'C', {}, ['publish.encoding.protobuf.message']],
    ['', 'A', {}, ['publish.encoding.protobuf']],
    ['message A { X x = 1; }', 'A', {}, ['publish.encoding.protobuf.schema']],
    ['import "b.proto"; message A {}', 'A', {}, ['publish.encoding.protobuf.schema']],
    ['message A { int32 a = 1; int32 b = 1; }', 'A', {}, ['publish.encoding.protobuf.schema']],
    ['message A {', 'A', {}, ['publish.encoding.protobuf.schema']],
    ['message A { int32 a = 1; } ?', 'A', {}, ['publish.encoding.protobuf.schema']],
  ])('of a message of %s: %s', (text, message, payload, paths) => {
    const encoding = { protobuf: { schema: text, message } };
    expect(pathsOf({ ...minimal, publish: { encoding, payload } }).sort()).toEqual(paths);
  });

  it('of Sparkplug B takes an object of metrics', () => {
    const of = (payload: unknown) => pathsOf({ ...minimal, publish: { encoding: 'sparkplug-b', payload } });
    expect(of({ a: 1, b: { c: '{{now}}' } })).toEqual([]);
    expect(of([1])).toEqual(['publish.payload']);
    const topic = 'spBv1.0/g/NDATA/{deviceId}';
    const encoding = 'sparkplug-b';
    expect(pathsOf({ ...minimal, publish: { encoding, topic }, echo: { fraction: 1 } })).toEqual([
      'echo.fraction',
    ]);
    expect(pathsOf({ ...minimal, publish: { encoding, topic } })).toEqual([]);
    expect(of({ a: [1], bdSeq: 2 })).toEqual(['publish.payload.a', 'publish.payload']);
  });

  it('is not in a profile that does not set it', () => {
    expect(parseLoadProfile(minimal).publish).not.toHaveProperty('encoding');
    expect(parseLoadProfile({ ...minimal, publish: { encoding: 'json' } }).publish).not.toHaveProperty(
      'encoding',
    );
  });

  it('takes no files but from the command line', () => {
    expect(pathsOf({ ...minimal, publish: { csv: { devices: 'd.csv' } } })).toEqual(['publish.csv']);
  });

  it('may be of one kind of message', () => {
    const messages = { a: { encoding: 'cbor' }, b: {} };
    const [a, b] = parseLoadProfile({ ...minimal, messages }).messages!;
    expect(a!.publish.encoding).toBe('cbor');
    expect(b!.publish).not.toHaveProperty('encoding');
    expect(takesAnyPayload({ messages })).toBe(true);
    expect(takesAnyPayload({ groups: { g: { messages } } })).toBe(true);
    expect(takesAnyPayload({ publish: { encoding: 'json', payload: { encoding: 'cbor' } } })).toBe(false);
    expect(takesAnyPayload('profile')).toBe(false);
  });

  it.each([
    [{ encoding: 'json' }, {}, 'payload'],
    [{ encoding: 'cbor' }, {}, 'property'],
    [{ encoding: 'cbor' }, { client: 'device-sdk' }, 'property'],
    [{ encoding: 'cbor' }, { version: '3.1.1' }, 'prefix'],
    [{ encoding: 'cbor' }, { protocol: 'https' }, 'prefix'],
  ])('%j over %j: the envelope is in the %s', (publish, connect, place) => {
    expect(envelopePlaceOf(parseLoadProfile({ ...minimal, publish, connect }))).toBe(place);
  });
});
