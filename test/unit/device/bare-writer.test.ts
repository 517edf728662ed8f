import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BareWriter } from '../../../src/device/bare-writer.ts';
import { readEchoedMessage } from '../../../src/device/payload.ts';
import { IncomingPublish } from '../../../src/device/transports/dense/incoming-publish.ts';
import { sdkPropertiesOf } from '../../../src/device/transports/device-sdk/sdk-properties.ts';
import { readEnvelope } from '../../../src/measure/rule-record.ts';
import type { Encoding } from '../../../src/profile/encoding.ts';
import type { JsonValue } from '../../../src/profile/load-profile.ts';
import { bareSettings } from '../../support/device/bare-settings.ts';
import { randomCases } from '../../support/effort.ts';

const numbers = { n: 12, device: 5, k: 2, atMs: 1_700_000_000_000.25 };
const sentMs = 1_700_000_000_001.5;
const envelope = {
  run: 'run-1',
  slice: 3,
  deviceGroup: 2,
  stream: 1,
  n: 12,
  device: 45,
  at: numbers.atMs,
  sent: sentMs,
};

function make(encoding: Encoding, payload: JsonValue, more: object = {}) {
  return new BareWriter({ ...bareSettings, encoding, payload, ...more });
}

function written(encoding: Encoding, payload: JsonValue, more: object = {}): Buffer {
  return Buffer.from(make(encoding, payload, more).write(numbers, sentMs));
}

/** As a receiver reads it. */
function envelopeIn(properties: Buffer): Buffer | undefined {
  const incoming = new IncomingPublish(5);
  const before = Buffer.from([0, 1, 0x74, ...variable(properties.length)]);
  const packet = Buffer.concat([Buffer.of(0x30, 0), before, properties, Buffer.from('payload')]);
  expect(incoming.read(packet, 0, 2, packet.length)).toBe(true);
  expect(incoming.payload.toString()).toBe('payload');
  return incoming.envelope;
}

function variable(length: number): number[] {
  return length < 128 ? [length] : [(length % 128) | 128, length >>> 7];
}

describe('a bare payload', () => {
  it('has its envelope beside it', () => {
    const writer = make('text', 't={{sequence}} from {{deviceId}}');
    expect(writer.write(numbers, sentMs).toString()).toBe('t=2 from d45');
    expect(readEnvelope(envelopeIn(writer.properties!)!)).toEqual(envelope);
    expect(readEchoedMessage(envelopeIn(writer.properties!)!, [])).toEqual({ at: numbers.atMs });
    writer.write({ ...numbers, n: 1_000_000 }, sentMs);
    expect(readEnvelope(envelopeIn(writer.properties!)!)).toEqual({ ...envelope, n: 1_000_000 });
  });

  it('has its envelope beside other properties', () => {
    const userProperties = { fixed: 'x', templated: '{{n}}' };
    const { properties } = (() => {
      const writer = make('cbor', 1, { userProperties, contentType: 'application/cbor' });
      writer.write(numbers, sentMs);
      return writer;
    })();
    expect(sdkPropertiesOf(properties!)).toEqual({
      contentType: 'application/cbor',
      userProperties: [
        { name: 'fixed', value: 'x' },
        { name: 'stampede', value: expect.stringMatching(/^{"stampede":{"run":"run-1",/) },
        { name: 'templated', value: '12' },
      ],
    });
    expect(readEnvelope(envelopeIn(properties!)!)).toEqual(envelope);
  });

  it('has its envelope in a line before it where there are no user properties', () => {
    const writer = make('bytes', '00 ff', { envelopePlace: 'prefix' });
    const message = writer.write(numbers, sentMs);
    expect(writer.properties).toBeUndefined();
    expect(readEnvelope(message)).toEqual(envelope);
    expect(message.subarray(message.indexOf('\n') + 1)).toEqual(Buffer.of(0, 255));
  });

  it('is padded by what means nothing', () => {
    expect(written('text', 'abc', { sizeBytes: 6 }).toString()).toBe('abc   ');
    expect(written('plain-json', [1, '{{n}}'], { sizeBytes: 9 }).toString()).toBe('[1,12]   ');
    expect(written('bytes', '01', { sizeBytes: 3 })).toEqual(Buffer.of(1, 0, 0));
    expect(written('text', 'abcdef', { sizeBytes: 3 }).toString()).toBe('abcdef');
  });

  it('of plain JSON is any value, without a field of ours', () => {
    expect(written('plain-json', { a: '{{sequence}}' }).toString()).toBe('{"a":2}');
    expect(written('plain-json', '{{n}}').toString()).toBe('12');
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(!JSON.stringify(value).includes('{{'));
        expect(JSON.parse(written('plain-json', value as JsonValue).toString())).toEqual(
          JSON.parse(JSON.stringify(value)),
        );
      }),
      randomCases(),
    );
  });

  it.each([
    ['01 Ff', '01ff'],
    ['{{n}}{{sequence}}{{deviceIndex}}', '0000000c000000020000002d'],
    ['{{now}}', '0000018bcfe56801'],
    ['{{random(-2, -2, 0)}}', 'fffffffe'],
    ['{{random(1.5, 1.5)}}', '3ff8000000000000'],
    ["{{choice('0a', '0A')}}", '0a'],
    ['7e{{deviceId}}7e', `7e${Buffer.from('d45').toString('hex')}7e`],
  ])('of bytes has %s as %s', (payload, hex) => {
    expect(written('bytes', payload).toString('hex')).toBe(hex);
  });

  it('draws the same random bytes as JSON has in base64, and the same UUID', () => {
    for (const count of [0, 1, 2, 3, 4, 17]) {
      const call = `{{randomBytes(${count})}}`;
      expect(written('bytes', call).toString('base64')).toBe(written('text', call).toString());
    }
    const uuid = written('text', '{{uuid}}').toString();
    expect(written('bytes', '{{uuid}}').toString('hex')).toBe(uuid.replaceAll('-', ''));
  });

  // Examples of RFC 8949, appendix A.
  it.each([
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [100, '1864'],
    [1000, '1903e8'],
    [1_000_000, '1a000f4240'],
    [1_000_000_000_000, '1b000000e8d4a51000'],
    [-1, '20'],
    [-100, '3863'],
    [-1000, '3903e7'],
    [1.1, 'fb3ff199999999999a'],
    [-4.1, 'fbc010666666666666'],
    [false, 'f4'],
    [true, 'f5'],
    [null, 'f6'],
    ['', '60'],
    ['IETF', '6449455446'],
    ['ü', '62c3bc'],
    [[], '80'],
    [[1, [2, 3], [4, 5]], '8301820203820405'],
    [{ a: 1, b: [2, 3] }, 'a26161016162820203'],
    ['{{n}}', '0c'],
    ['{{deviceId}}', `63${Buffer.from('d45').toString('hex')}`],
    ['{{deviceId}}{{deviceId}}{{deviceId}}', `69${Buffer.from('d45d45d45').toString('hex')}`],
    ["{{choice('a', 'a')}}", '6161'],
    ['{{random(2, 2, 0)}}', '02'],
    ['{{random(2, 2)}}', 'fb4000000000000000'],
    ['{{randomBytes(0)}}', '40'],
  ])('of CBOR has %j as %s', (payload, hex) => {
    expect(written('cbor', payload as JsonValue).toString('hex')).toBe(hex);
  });
});
