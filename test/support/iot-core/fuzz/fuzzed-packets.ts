import fc from 'fast-check';
import { generate, type Packet, type UserProperties } from 'mqtt-packet';
import type { Random } from '../../../../src/shared/random.ts';

type Version = 4 | 5;

/** Few, so that clients take each other over and come back to sessions that they left. */
export const clientIds: readonly string[] = Array.from({ length: 20 }, (_, i) => `fuzz-${i}`);

/** Levels that go on to rules, to each other, to Basic Ingest, and nowhere. */
const level = fc.oneof(
  fc.constantFrom('a', 'b', 'stampede', 'x', '', '+', '#', '$aws', '$share', 'g', 'rules', 'ü€😀'),
  fc.string({ maxLength: 12 }),
);
const topic = fc.oneof(
  {
    weight: 16,
    arbitrary: fc.constantFrom('a', 'a/b', 'a/c', 'stampede/r/d/telemetry', '$aws/rules/stampede_arrivals/x'),
  },
  {
    weight: 2,
    arbitrary: fc.array(level, { minLength: 1, maxLength: 10 }).map((levels) => levels.join('/')),
  },
  { weight: 1, arbitrary: fc.constantFrom('t'.repeat(257), 'a/'.repeat(130), '/', '\ud800', 'a\0b') },
);
const filter = fc.oneof(
  topic,
  fc.constantFrom('#', '+/b', 'a/#', '$share/g/a/+', '$share/g/#', '$share//a', '$share/g'),
);
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.json({ maxDepth: 3 }).map((text) => Buffer.from(text)),
  fc.nat(9e6).map((n) => Buffer.from(`{"stampede":{"run":"r","slice":0,"n":${n},"at":1.5,"sent":2}}`)),
);
const packetId = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(0, 65_535) },
  { weight: 9, arbitrary: fc.nat(65_535) },
);
const qos = fc.constantFrom<0 | 1 | 2>(0, 0, 0, 0, 1, 1, 1, 1, 1, 2);
const uint32 = fc.oneof(fc.constantFrom(0, 1, 0xffff_ffff), fc.nat(0xffff_ffff));
const userProperties = fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 20 }), {
  maxKeys: 4,
}) as fc.Arbitrary<UserProperties>;
const some = { requiredKeys: [] as [] };

const messageProperties = {
  payloadFormatIndicator: fc.boolean(),
  messageExpiryInterval: uint32,
  contentType: fc.string({ maxLength: 20 }),
  responseTopic: topic,
  correlationData: payload,
  userProperties,
};

const will = fc.record({
  topic,
  payload,
  qos,
  retain: fc.boolean(),
  properties: fc.record({ willDelayInterval: uint32, ...messageProperties }, some),
});

export function connects(version: Version): fc.Arbitrary<Packet> {
  return fc
    .record({
      clientId: fc.oneof(
        { weight: 20, arbitrary: fc.constantFrom(...clientIds) },
        fc.string({ maxLength: 140 }),
      ),
      clean: fc.boolean(),
      keepalive: fc.nat(65_535),
      login: fc.option(fc.record({ username: fc.string({ maxLength: 30 }), password: payload })),
      will: fc.option(will),
      properties: fc.record(
        {
          sessionExpiryInterval: uint32,
          receiveMaximum: fc.constantFrom(0, 1, 3, 100, 65_535),
          maximumPacketSize: fc.constantFrom(0, 1, 30, 1_000, 0xffff_ffff),
          topicAliasMaximum: fc.nat(65_535),
          requestResponseInformation: fc.boolean(),
          requestProblemInformation: fc.boolean(),
          userProperties,
        },
        some,
      ),
    })
    .map(({ login, will: wanted, ...rest }) => ({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: version,
      ...rest,
      ...(login ?? {}),
      ...(wanted === null ? {} : { will: wanted }),
    })) as fc.Arbitrary<Packet>;
}

const publishes = fc.record({
  cmd: fc.constant('publish' as const),
  topic,
  payload,
  qos,
  retain: fc.boolean(),
  dup: fc.boolean(),
  messageId: packetId,
  properties: fc.record(
    { topicAlias: fc.nat(10), subscriptionIdentifier: fc.nat(9), ...messageProperties },
    some,
  ),
});
const subscribes = fc.record({
  cmd: fc.constant('subscribe' as const),
  messageId: packetId,
  subscriptions: fc.array(
    fc.record({ topic: filter, qos, nl: fc.boolean(), rap: fc.boolean(), rh: fc.nat(2) }),
    { maxLength: 9 },
  ),
  properties: fc.record({ userProperties }, some),
});
const unsubscribes = fc.record({
  cmd: fc.constant('unsubscribe' as const),
  messageId: packetId,
  unsubscriptions: fc.array(filter, { maxLength: 9 }),
  properties: fc.record({ userProperties }, some),
});
const acknowledgements = fc.record({
  cmd: fc.constantFrom(...Array.from({ length: 12 }, () => 'puback' as const), 'pubrec', 'pubrel', 'pubcomp'),
  messageId: packetId,
  reasonCode: fc.constantFrom(0, 0x10, 0x97),
  properties: fc.record({ reasonString: fc.string({ maxLength: 20 }), userProperties }, some),
});
const others = fc.constantFrom<object>(
  { cmd: 'pingreq' },
  { cmd: 'pingreq' },
  { cmd: 'disconnect', reasonCode: 0 },
  { cmd: 'disconnect', reasonCode: 4, properties: { sessionExpiryInterval: 5 } },
  {
    cmd: 'auth',
    reasonCode: 0x18,
    properties: { authenticationMethod: 'x', authenticationData: Buffer.from('y') },
  },
  { cmd: 'pingresp' },
  { cmd: 'connack', returnCode: 0, reasonCode: 0, sessionPresent: false },
  { cmd: 'suback', messageId: 1, granted: [0] },
  { cmd: 'unsuback', messageId: 1, granted: [0] },
);

/** Of every type, and often enough not at odds with the protocol, so that a stream gets somewhere. */
export function packetsAfterConnect(version: Version): fc.Arbitrary<Packet> {
  return fc.oneof(
    { weight: 30, arbitrary: publishes },
    { weight: 6, arbitrary: subscribes },
    { weight: 3, arbitrary: unsubscribes },
    { weight: 9, arbitrary: acknowledgements },
    { weight: 3, arbitrary: others },
    { weight: 1, arbitrary: connects(version) },
  ) as fc.Arbitrary<Packet>;
}

/** As bytes; what mqtt-packet refuses to write is left out. */
export function encodeAll(packets: readonly Packet[], protocolVersion: Version): Buffer[] {
  return packets.flatMap((packet) => {
    try {
      return [Buffer.from(generate(packet, { protocolVersion }))];
    } catch {
      return [];
    }
  });
}

type Mutation = (bytes: Buffer, random: Random) => Buffer;

const below = (limit: number, random: Random): number => Math.floor(random() * limit);
const anyBytes = (length: number, random: Random): Buffer =>
  Buffer.from(Array.from({ length }, () => below(256, random)));

/** A new fixed header over a body of any length below 128. */
const withLengthOf = (first: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([first, body.length & 127]), body.subarray(0, 127)]);

const mutations: readonly Mutation[] = [
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    for (let i = 1 + below(3, random); i > 0; i--) copy[below(copy.length, random)] = below(256, random);
    return copy;
  },
  // One bit of one byte past the header.
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    copy[Math.min(2 + below(copy.length, random), copy.length - 1)]! ^= 1 << below(8, random);
    return copy;
  },
  (bytes, random) => bytes.subarray(0, 1 + below(bytes.length, random)),
  (bytes, random) => Buffer.concat([bytes, anyBytes(1 + below(6, random), random)]),
  // Cut short, or too long, with a length that agrees.
  (bytes, random) => withLengthOf(bytes[0]!, bytes.subarray(2, 2 + below(bytes.length, random))),
  (bytes, random) => withLengthOf(bytes[0]!, Buffer.concat([bytes.subarray(2), anyBytes(4, random)])),
  // Another type or other flags over the same body.
  (bytes, random) => Buffer.concat([Buffer.from([below(256, random)]), bytes.subarray(1)]),
  // A remaining length of up to four bytes, or of more than there may be.
  (bytes, random) => Buffer.concat([bytes.subarray(0, 1), anyBytes(4, random), bytes.subarray(2)]),
  // A stretch of it twice.
  (bytes, random) => {
    const start = below(bytes.length, random);
    const body = Buffer.concat([bytes.subarray(0, start), bytes.subarray(start >> 1)]);
    return withLengthOf(bytes[0]!, body.subarray(2));
  },
  (_bytes, random) => anyBytes(below(60, random), random),
];

/** One of the ways of being wrong. */
export function mutate(bytes: Buffer, random: Random): Buffer {
  return mutations[below(mutations.length, random)]!(bytes, random);
}

/** Encoded packets to draw from, all made of one seed. */
export interface PacketPool {
  readonly connects: readonly Buffer[];
  readonly others: readonly Buffer[];
}

export function makePool(version: Version, seed: number, size: number): PacketPool {
  return {
    connects: encodeAll(fc.sample(connects(version), { seed, numRuns: size / 4 }), version),
    others: encodeAll(fc.sample(packetsAfterConnect(version), { seed, numRuns: size }), version),
  };
}

/** Of packets behind a CONNECT, what share are mutated. */
const mutatedShare = 0.25;
const maxPackets = 24;

/** What one client sends: a CONNECT, now and then a wrong one, and packets, some of them wrong. */
export function drawStream(pool: PacketPool, random: Random): Buffer[] {
  const pick = (from: readonly Buffer[]): Buffer => from[below(from.length, random)]!;
  const first = pick(pool.connects);
  const stream = [random() < 0.1 ? mutate(first, random) : first];
  for (let i = below(maxPackets, random); i > 0; i--) {
    const packet = pick(pool.others);
    stream.push(random() < mutatedShare ? mutate(packet, random) : packet);
  }
  return stream;
}
