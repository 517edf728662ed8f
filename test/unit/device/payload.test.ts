import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { envelopeStartOf, PayloadWriter, readEchoedMessage } from '../../../src/device/payload.ts';
import type { JsonValue } from '../../../src/profile/load-profile.ts';
import { parsePayloadTemplate } from '../../../src/profile/payload-template.ts';
import { InvalidInputError } from '../../../src/shared/errors.ts';
import { anyCharacter } from '../../support/any-character.ts';
import { plainPayload } from '../../support/device/plain-payload.ts';
import { randomCases } from '../../support/effort.ts';

const templates = fc.constantFrom(
  '{{deviceId}}',
  '{{deviceIndex}}',
  '{{n}}',
  '{{sequence}}',
  '{{now}}',
  '{{uuid}}',
  '{{random(-5, 5)}}',
  '{{random(0, 1e300)}}',
  '{{random(-1e-9, 1e9, 15)}}',
  '{{random(0, 100, 0)}}',
  '{{gaussian(21, 2)}}',
  '{{gaussian(0, 0.001, 6)}}',
  "{{choice('on', 'off', 'a \"b\" é')}}",
  "{{choice(1, 2.5, 'three')}}",
  "{{perDevice('a', 'b', 3)}}",
  '{{perMessage(1, 2)}}',
  '{{sine(-10, 35, 60)}}',
  '{{walk(0, 1)}}',
  '{{walk(20, 3, 15, 25)}}',
  '{{walk(1, 9, 0, 2)}}',
  '{{randomBytes(0)}}',
  '{{randomBytes(16)}}',
  '{{randomBytes(17)}}',
  '{{randomBytes(18)}}',
);
const texts = fc
  .array(
    fc.oneof(
      templates,
      fc.string({ unit: anyCharacter }).filter((s) => !s.includes('{')),
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(''));
const leaves = fc.oneof(
  templates,
  texts,
  fc.boolean(),
  fc.constant(null),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const payloads = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaves as fc.Arbitrary<JsonValue>,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((key) => !key.includes('{{') && !['stampede', 'padding'].includes(key)),
      tie('value'),
      { maxKeys: 5 },
    ) as fc.Arbitrary<JsonValue>,
  ),
})).value;

const settings = {
  runId: 'run-1',
  slice: 3,
  indexOf: (device: number) => 40 + device,
  devices: 7,
  seed: 42,
  sizeBytes: 0,
  offsetMsOf: (n: number) => n * 37.25,
};

const first = { n: 0, device: 0, k: 0, atMs: 1e12 };

describe('a payload', () => {
  it('says what its plain version says, for any template and message', () => {
    const messages = fc.array(
      fc.record({
        n: fc.nat(40),
        at: fc.double({ min: 1e12, max: 9e12, noNaN: true }),
        lag: fc.double({ min: 0, max: 5_000, noNaN: true }),
      }),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(payloads, messages, fc.nat(700), fc.integer(), (payload, list, sizeBytes, seed) => {
        const writer = new PayloadWriter({ ...settings, payload, sizeBytes, seed });
        const { template } = parsePayloadTemplate(payload);
        for (const { n, at, lag } of list.toSorted((a, b) => a.n - b.n)) {
          const device = n % settings.devices;
          const bytes = writer.write({ n, device, k: Math.floor(n / settings.devices), atMs: at }, at + lag);
          const { padding, ...message } = JSON.parse(bytes.toString());
          const plain = plainPayload(template, {
            run: settings.runId,
            slice: settings.slice,
            n,
            deviceIndex: settings.indexOf(device),
            k: Math.floor(n / settings.devices),
            seed,
            offsetMs: settings.offsetMsOf(n),
            at,
            sent: at + lag,
          });
          // Through JSON, as -0 and lone surrogates go.
          expect(message).toEqual(JSON.parse(JSON.stringify(plain)));
          expect(bytes.length).toBeGreaterThanOrEqual(sizeBytes);
          if (padding !== undefined) {
            expect(bytes.length).toBe(sizeBytes);
            expect(padding).toMatch(/^x*$/);
          }
          if (bytes.length > sizeBytes) expect(bytes.toString()).not.toMatch(/padding|\s}$/);
          const { at: intended, sent } = message.stampede;
          expect(readEchoedMessage(bytes, [Buffer.from(envelopeStartOf(settings))])).toEqual({
            at: intended,
            own: { stream: 0, n, deviceIndex: message.stampede.device, sent },
          });
          const another = envelopeStartOf({ ...settings, slice: settings.slice + 1 });
          expect(readEchoedMessage(bytes, [Buffer.from(another)])).toEqual({ at: intended });
        }
      }),
      randomCases(),
    );
  });

  it('is padded to the byte, with a field or, where that has no room, with white space', () => {
    const least = new PayloadWriter({ ...settings, payload: {} }).write(first, 1e12).length;
    for (let sizeBytes = least; sizeBytes < least + 40; sizeBytes++) {
      const writer = new PayloadWriter({ ...settings, payload: {}, sizeBytes });
      const bytes = writer.write(first, 1e12);
      expect(bytes.length).toBe(sizeBytes);
      expect(() => JSON.parse(bytes.toString())).not.toThrow();
    }
  });

  it('depends on seed, device and message, not on what was sent before or on the slice', () => {
    const payload = { a: '{{gaussian(21, 2)}}', b: '{{walk(20, 1)}}', c: '{{uuid}}' };
    const whole = new PayloadWriter({
      ...settings,
      payload,
      indexOf: (device: number) => device,
      devices: 10,
    });
    const part = new PayloadWriter({
      ...settings,
      payload,
      indexOf: (device: number) => 5 + device,
      devices: 5,
    });
    const fieldsOf = (bytes: Buffer): unknown => {
      const { stampede: _, ...fields } = JSON.parse(bytes.toString());
      return fields;
    };
    // Message 4 of device 7, after all before it in one, and after none in the other.
    for (let k = 0; k < 4; k++) whole.write({ n: k * 10 + 7, device: 7, k, atMs: 1e12 }, 1e12);
    expect(fieldsOf(whole.write({ n: 4 * 10 + 7, device: 7, k: 4, atMs: 1e12 }, 1e12))).toEqual(
      fieldsOf(part.write({ n: 4 * 5 + 2, device: 2, k: 4, atMs: 1e12 }, 1e12)),
    );
  });

  it('is the same in every run of one plan, whenever it runs', () => {
    const payload = { wave: '{{sine(0, 1, 7)}}', id: '{{uuid}}', count: '{{sequence}}' };
    const fieldsAt = (atMs: number): unknown[] => {
      const writer = new PayloadWriter({ ...settings, payload });
      return Array.from({ length: 30 }, (_, n) => {
        const { stampede: _s, ...fields } = JSON.parse(
          String(writer.write({ n, device: n % 7, k: Math.floor(n / 7), atMs: atMs + n }, atMs + n)),
        );
        return fields;
      });
    };
    expect(fieldsAt(1.7e12)).toEqual(fieldsAt(1.8e12 + 123.456));
    expect(new Set(fieldsAt(1.7e12).map((fields) => (fields as { wave: number }).wave)).size).toBeGreaterThan(
      10,
    );
  });

  it('rejects fields that are its own', () => {
    const make = () => new PayloadWriter({ ...settings, payload: { stampede: 1, padding: 2, fine: 3 } });
    expect(make).toThrow(InvalidInputError);
    expect(make).toThrow(/publish\.payload\.stampede[\s\S]*publish\.payload\.padding/);
  });
});

describe('an echoed message', () => {
  it('is not read from what is no message of ours', () => {
    const envelopeStart = Buffer.from(envelopeStartOf(settings));
    for (const text of ['', '{}', '{"at":"soon"}', '{"temperature":21,"at":']) {
      expect(readEchoedMessage(Buffer.from(text), [envelopeStart])).toBeUndefined();
    }
  });
});
