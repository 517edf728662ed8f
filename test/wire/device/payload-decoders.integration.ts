import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BareWriter } from '../../../src/device/bare-writer.ts';
import type { Encoding } from '../../../src/profile/encoding.ts';
import type { JsonValue } from '../../../src/profile/load-profile.ts';
import { parsePayloadTemplate } from '../../../src/profile/payload-template.ts';
import { bareSettings } from '../../support/device/bare-settings.ts';
import { type Decoders, installDecoders } from '../../support/device/decoders.ts';
import { simulate } from '../../support/device/make-run.ts';
import { plainPayload } from '../../support/device/plain-payload.ts';
import { randomCases } from '../../support/effort.ts';

// What devices send, as the libraries of others decode it.

let decoders: Decoders;
beforeAll(() => {
  decoders = installDecoders();
});

const sentMs = 1_700_000_000_001.5;

function messageOf(k: number) {
  return { n: 12 + k, device: 5, k, atMs: sentMs - 1 };
}

function written(encoding: Encoding, payload: JsonValue, k = 2): Buffer {
  return Buffer.from(
    new BareWriter({ ...bareSettings, encoding, payload }).write(messageOf(k), sentMs, {
      births: 0,
      since: k,
    }),
  );
}

/** What the payload says, made the plain way. */
function plain(payload: JsonValue, k = 2): Record<string, unknown> {
  const { n, device, atMs: at } = messageOf(k);
  const { stampede: _, ...fields } = plainPayload(parsePayloadTemplate(payload).template, {
    run: 'run-1',
    slice: 3,
    n,
    deviceIndex: 40 + device,
    k,
    seed: 42,
    offsetMs: n * 37.25,
    at,
    sent: sentMs,
  });
  return fields;
}

/** Whole numbers of more than 32 bits. */
const asNumber = (_key: string, value: unknown) => (typeof value === 'bigint' ? Number(value) : value);

const templates = fc.constantFrom(
  '{{deviceId}}',
  '{{deviceIndex}}',
  '{{n}}',
  '{{now}}',
  '{{uuid}}',
  '{{random(-5, 5)}}',
  '{{random(-1e5, 1e5, 0)}}',
  '{{gaussian(21, 2)}}',
  "{{choice('on', 'off', 3, -2.5)}}",
  '{{sine(-10, 35, 60)}}',
  '{{walk(0, 1)}}',
  'device {{deviceId}} at {{now}}: {{random(0, 1e300)}}',
);

it('CBOR: any value and any template', () => {
  const leaf = fc.oneof(
    templates,
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true, minExcluded: false }),
  );
  const values = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      leaf as fc.Arbitrary<JsonValue>,
      fc.array(tie('value'), { maxLength: 30 }),
      fc.dictionary(
        fc.string().filter((key) => key !== '__proto__'),
        tie('value'),
        { maxKeys: 5 },
      ) as fc.Arbitrary<JsonValue>,
    ),
  })).value;
  fc.assert(
    fc.property(values, (value) => {
      const payload = { of: value };
      fc.pre(parsePayloadTemplate(payload).errors.length === 0);
      // -0 is 0, as in JSON.
      expect(JSON.parse(JSON.stringify(decoders.decodeCbor(written('cbor', payload)), asNumber))).toEqual(
        JSON.parse(JSON.stringify(plain(payload))),
      );
    }),
    randomCases(),
  );
  const bytes = decoders.decodeCbor(written('cbor', { raw: '{{randomBytes(17)}}' })) as { raw: Buffer };
  expect(Buffer.from(bytes.raw).toString('base64')).toBe(plain({ raw: '{{randomBytes(17)}}' }).raw);
});

const schema = `
  syntax = "proto3"; // of a meter
  package meters.v1;
  option java_package = "com.example";
  message Reading {
    enum State { option allow_alias = true; UNKNOWN = 0; ON = 1; OFF = -7; }
    message Phase { double volts = 1; sint32 offset = 2 [json_name = "off"]; }
    reserved 4, 6 to 8; reserved "old";
    string device_id = 1; uint32 sequence = 2; int64 at = 3;
    float power = 5; State state = 9; repeated Phase phases = 10;
    repeated int32 samples = 11; repeated string tags = 12; map<string, double> limits = 13;
    map<int32, Phase> by_number = 14;
    oneof source { bool battery = 15; .meters.v1.Reading.Phase grid = 16; }
    bytes raw = 2000; bytes fixed = 17; sint64 s64 = 18; fixed32 f32 = 19; sfixed32 sf32 = 20;
    fixed64 f64 = 21; sfixed64 sf64 = 22; int32 i32 = 23; bool flag = 24; repeated State states = 25;
    repeated int32 loose = 26 [packed = false]; optional string message = 27;
  }
  /* not ours */ service Meter { rpc Send (Reading) returns (Reading) { option deprecated = true; } }
`;

describe('Protobuf', () => {
  const encoding: Encoding = { protobuf: { schema, message: 'meters.v1.Reading' } };
  const decode = (payload: JsonValue) =>
    decoders.decodeProtobuf(schema, 'meters.v1.Reading', written(encoding, payload)) as Record<
      string,
      unknown
    >;

  it('every type, fixed and by template', () => {
    const payload = {
      device_id: '{{deviceId}}',
      sequence: '{{sequence}}',
      at: '{{now}}',
      power: 1.5,
      state: 'OFF',
      phases: [{ volts: '{{gaussian(230, 2)}}', offset: -3 }, { volts: 1e-9 }],
      samples: [1, -2, '{{deviceIndex}}', 300],
      tags: ['a', '', 'd {{deviceIndex}} ü'],
      limits: { low: -1.25, high: '{{random(1, 2)}}' },
      battery: true,
      s64: -(2 ** 53 - 1),
      f32: 2 ** 32 - 1,
      sf32: -(2 ** 31),
      f64: 2 ** 53 - 1,
      sf64: -5,
      i32: -1,
      flag: false,
      states: ['ON', "{{choice('OFF')}}"],
      loose: [7, 8],
      message: 'x'.repeat(300),
    };
    const expected = plain(payload);
    expect(decode(payload)).toEqual({ ...expected, states: ['ON', 'OFF'] });
    expect(decode({ raw: '{{randomBytes(200)}}', fixed: 'AAEC/w==' })).toEqual({
      ...plain({ raw: '{{randomBytes(200)}}' }),
      fixed: 'AAEC/w==',
    });
    expect(decode({ byNumber: { '-4': { volts: 2 } }, grid: { offset: 2 } })).toMatchObject({
      by_number: { '-4': { volts: 2 } },
      grid: { offset: 2 },
    });
    expect(decode({ samples: [], tags: [] })).toEqual({});
  });

  it('numbers of every size', () => {
    const int32 = fc.integer();
    fc.assert(
      fc.property(
        int32,
        fc.maxSafeInteger(),
        fc.maxSafeNat(),
        fc.double({ noNaN: true }),
        (i32, s64, f64, volts) => {
          fc.pre(!Object.is(volts, -0) && Number.isFinite(volts));
          const payload = {
            i32,
            at: s64,
            s64,
            f64,
            sf64: s64,
            samples: [i32, i32],
            grid: { volts, offset: i32 },
          };
          expect(decode(payload)).toEqual(payload);
        },
      ),
      randomCases(),
    );
  });
});

it('Sparkplug B: metrics of every type, and a birth first', () => {
  const payload = {
    temperature: '{{gaussian(21, 2)}}',
    count: '{{sequence}}',
    below: -5,
    at: '{{now}}',
    on: true,
    id: '{{uuid}}',
    label: 'of {{deviceId}}',
    nothing: null,
    motor: { speed: '{{random(0, 9000, 0)}}', state: "{{choice('on', 'off')}}" },
    raw: '{{randomBytes(5)}}',
  };
  const expected = plain(payload);
  const { timestamp, seq, metrics } = decoders.decodeSparkplug(written('sparkplug-b', payload));
  expect([Number(timestamp), Number(seq)]).toEqual([Math.floor(sentMs), 2]);
  const plainly = (value: unknown) =>
    value instanceof Uint8Array
      ? Buffer.from(value).toString('base64')
      : typeof value === 'object' && value !== null
        ? Number(value)
        : value;
  const read = metrics.map((metric) => [
    metric.name,
    metric.type,
    plainly(metric.value),
    Number(metric.timestamp),
  ]);
  const motor = expected.motor as Record<string, unknown>;
  const now = Math.floor(sentMs);
  expect(read).toEqual([
    ['temperature', 'Double', expected.temperature, now],
    ['count', 'Int64', 2, now],
    ['below', 'Int64', expect.anything(), now],
    ['at', 'DateTime', now, now],
    ['on', 'Boolean', true, now],
    ['id', 'UUID', expected.id, now],
    ['label', 'String', 'of d45', now],
    ['nothing', 'String', null, now],
    ['motor/speed', 'Int64', motor.speed, now],
    ['motor/state', 'String', motor.state, now],
    ['raw', 'Bytes', expected.raw, now],
  ]);
  const birth = decoders.decodeSparkplug(written('sparkplug-b', payload, 0));
  expect(Number(birth.seq)).toBe(0);
  expect(birth.metrics.map(({ name }) => name)).toEqual([...metrics.map(({ name }) => name), 'bdSeq']);
  expect(Number(decoders.decodeSparkplug(written('sparkplug-b', payload, 257)).seq)).toBe(1);
});

it('Sparkplug B: born again on each connection, with the next bdSeq and seq from 0', async () => {
  const { transport } = await simulate({
    devices: 2,
    ratePerSecond: 4,
    seconds: 12,
    publish: {
      topic: 'spBv1.0/{runId}/NDATA/{deviceId}',
      encoding: 'sparkplug-b',
      payload: { temperature: '{{gaussian(21, 2)}}' },
      sizeBytes: 0,
    },
    connect: { backoff: { baseMs: 100, capMs: 100, jitter: 'none' } },
    script(clock, simulated, plan) {
      for (const seconds of [3, 7])
        clock.setTimer(plan.timeline.publishAt - clock.now() + seconds * 1_000, () => simulated.cut(0));
    },
  });
  const read = (device: number) =>
    transport.published
      .filter((each) => each.device === device)
      .map(({ topic, payload }) => {
        const { seq, metrics } = decoders.decodeSparkplug(payload);
        const bdSeq = metrics.find(({ name }) => name === 'bdSeq')?.value;
        return {
          type: topic.split('/')[2],
          seq: Number(seq),
          ...(bdSeq !== undefined && { bdSeq: Number(bdSeq) }),
        };
      });
  const session = (bdSeq: number, messages: number) => [
    { type: 'NBIRTH', seq: 0, bdSeq },
    ...Array.from({ length: messages - 1 }, (_, i) => ({ type: 'NDATA', seq: i + 1 })),
  ];
  const cutTwice = read(0);
  const births = cutTwice.flatMap(({ type }, i) => (type === 'NBIRTH' ? [i] : []));
  expect(births).toHaveLength(3);
  expect(cutTwice).toEqual([
    ...session(0, births[1]!),
    ...session(1, births[2]! - births[1]!),
    ...session(2, cutTwice.length - births[2]!),
  ]);
  expect(read(1)).toEqual(session(0, 24));
  // The counter is of eight bits.
  const birth = decoders.decodeSparkplug(
    Buffer.from(
      new BareWriter({ ...bareSettings, encoding: 'sparkplug-b', payload: { t: 1 } }).write(
        messageOf(2),
        sentMs,
        {
          births: 258,
          since: 0,
        },
      )!,
    ),
  );
  expect(Number(birth.metrics.find(({ name }) => name === 'bdSeq')?.value)).toBe(2);
});
