import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import {
  connectClient,
  connectPacket,
  connectRaw,
  startTestIotCore,
} from '../../../../support/iot-core/fixture.ts';
import { until } from '../../../../support/until.ts';

const connect4 = generate(connectPacket('fuzz', 4));
const connect5 = generate(connectPacket('fuzz', 5), { protocolVersion: 5 });

describe('a malformed packet', () => {
  it.each<[string, Buffer]>([
    ['no CONNECT first', Buffer.from([0xc0, 0])],
    ['CONNECT with reserved flags', Buffer.from([0x11, 0])],
    ['an empty CONNECT', Buffer.from([0x10, 0])],
    ['packet type 0', Buffer.concat([connect4, Buffer.from([0x00, 0])])],
    ['PUBLISH with both QoS bits', Buffer.concat([connect4, Buffer.from([0x36, 4, 0, 1, 0x61, 0])])],
    ['PUBLISH shorter than its topic', Buffer.concat([connect4, Buffer.from([0x30, 3, 0, 9, 0x61])])],
    [
      'PUBLISH of QoS 1 without an identifier',
      Buffer.concat([connect4, Buffer.from([0x32, 5, 0, 1, 0x61, 0, 0])]),
    ],
    ['PUBLISH to a topic that is not UTF-8', Buffer.concat([connect4, Buffer.from([0x30, 3, 0, 1, 0xff])])],
    ['PUBLISH with properties cut off', Buffer.concat([connect5, Buffer.from([0x30, 4, 0, 1, 0x61, 0x85])])],
    [
      'PUBLISH with an unknown property',
      Buffer.concat([connect5, Buffer.from([0x30, 6, 0, 1, 0x61, 2, 0x7f, 1])]),
    ],
    ['PUBACK without an identifier', Buffer.concat([connect4, Buffer.from([0x40, 0])])],
    ['SUBSCRIBE without filters', Buffer.concat([connect4, Buffer.from([0x82, 2, 0, 1])])],
    ['SUBSCRIBE cut off', Buffer.concat([connect4, Buffer.from([0x82, 4, 0, 1, 0, 5])])],
    [
      'SUBSCRIBE with text that is not UTF-8',
      Buffer.concat([connect4, Buffer.from([0x82, 6, 0, 1, 0, 1, 0xff, 0])]),
    ],
    ['UNSUBSCRIBE without filters', Buffer.concat([connect4, Buffer.from([0xa2, 2, 0, 1])])],
    ['PINGREQ with a body', Buffer.concat([connect4, Buffer.from([0xc0, 1, 0])])],
    ['PUBREL, which AWS does not know', Buffer.concat([connect4, Buffer.from([0x62, 2, 0, 1])])],
    ['a packet only servers send', Buffer.concat([connect4, Buffer.from([0x20, 2, 0, 0])])],
    ['CONNECT with a will of QoS 3', withWillOfQos3()],
    [
      'CONNECT with a receive maximum of 0',
      generate(connectPacket('x', 5, { properties: { receiveMaximum: 0 } })),
    ],
  ])('ends its connection: %s', async (_what, bytes) => {
    const iotCore = await startTestIotCore();
    const raw = await connectRaw(iotCore, bytes.includes(connect5) ? 5 : 4);
    raw.write(bytes);
    await raw.closed;
    expect(iotCore.internalErrors).toEqual([]);
    expect((await iotCore.admin('GET', '/process')).connected).toBe(0);
  });

  it('harms no other client: mutated packets and random bytes', async () => {
    const iotCore = await startTestIotCore();
    const observer = await connectClient(iotCore, { clientId: 'observer' });
    await observer.client.subscribeAsync('observer/#', { qos: 1 });
    const subscriptions = [{ topic: '$share/g/a/+', qos: 1, nl: false, rap: true, rh: 1 } as const];
    const properties = { contentType: 'x', userProperties: { a: 'b' }, correlationData: Buffer.from([1]) };
    const valid = [
      generate(
        connectPacket('f', 5, { will: { topic: 'w', payload: Buffer.from('x'), qos: 1, properties } }),
      ),
      generate(
        {
          cmd: 'publish',
          topic: 'a/b',
          payload: '{"stampede":{"n":1}}',
          qos: 1,
          messageId: 1,
          dup: false,
          retain: true,
          properties,
        },
        { protocolVersion: 5 },
      ),
      generate({ cmd: 'subscribe', messageId: 2, subscriptions }, { protocolVersion: 5 }),
      generate({ cmd: 'unsubscribe', messageId: 3, unsubscriptions: ['a/b'] }, { protocolVersion: 5 }),
      generate({ cmd: 'puback', messageId: 4, reasonCode: 0 }, { protocolVersion: 5 }),
      generate(
        { cmd: 'disconnect', reasonCode: 4, properties: { sessionExpiryInterval: 5 } },
        { protocolVersion: 5 },
      ),
    ];
    const mutated = fc
      .tuple(
        fc.constantFrom(...valid),
        fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 3 }),
        fc.option(fc.nat(60)),
      )
      .map(([packet, changes, cutAt]) => {
        const bytes = Buffer.from(packet);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        return cutAt === null ? bytes : bytes.subarray(0, Math.max(1, cutAt));
      });
    const streams = fc.tuple(
      fc.constantFrom(connect4, connect5, Buffer.alloc(0)),
      fc.array(
        fc.oneof(
          mutated,
          fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
        ),
        { maxLength: 8 },
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(streams, { minLength: 20, maxLength: 20 }), async (many) => {
        const clients = await Promise.all(many.map(() => connectRaw(iotCore)));
        for (const [i, [first, rest]] of many.entries()) {
          clients[i]?.socket.removeAllListeners('data');
          clients[i]?.socket.resume();
          clients[i]?.socket.end(Buffer.concat([first, ...rest]));
        }
        await Promise.all(clients.map(({ closed }) => closed));
      }),
      { numRuns: 25 },
    );
    await observer.client.publishAsync('observer/1', 'still here', { qos: 1 });
    await until(() => observer.received.some(({ text }) => text === 'still here'));
    expect(iotCore.internalErrors).toEqual([]);
    expect((await iotCore.admin('GET', '/process')).connected).toBe(1);
  });
});

/** Bits 3 and 4 of the connect flags, behind the protocol's name and version. */
function withWillOfQos3(): Buffer {
  const will = { topic: 'w', payload: Buffer.from('x'), qos: 2, retain: false };
  const packet = generate(connectPacket('x', 4, { will }));
  packet[9]! |= 0x18;
  return packet;
}
