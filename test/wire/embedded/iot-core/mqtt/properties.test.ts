import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import {
  encodeProperties,
  type Property,
  propertyIds,
  readProperties,
} from '../../../../../src/embedded/iot-core/mqtt/properties.ts';
import { connectPacket, connectRaw, startTestIotCore } from '../../../../support/iot-core/fixture.ts';
import { until } from '../../../../support/until.ts';

/** By hand, so that the test does not believe the code under test. */
const text = (value: string): number[] => {
  const bytes = [...Buffer.from(value)];
  return [bytes.length >> 8, bytes.length & 255, ...bytes];
};
const withLength = (bytes: readonly number[]): number[] => [bytes.length, ...bytes];
const packet = (first: number, body: readonly number[]): Buffer => Buffer.from([first, body.length, ...body]);

const connect = (properties: readonly number[], will?: readonly number[]): Buffer =>
  packet(0x10, [
    ...text('MQTT'),
    5,
    will === undefined ? 2 : 6,
    0,
    60,
    ...withLength(properties),
    ...text('list'),
    ...(will === undefined ? [] : [...withLength(will), ...text('w'), ...text('bye')]),
  ]);
const publish = (properties: readonly number[]): Buffer =>
  packet(0x30, [...text('a'), ...withLength(properties), 0x7b, 0x7d]);
const subscribe = (properties: readonly number[]): Buffer =>
  packet(0x82, [0, 1, ...withLength(properties), ...text('a'), 0]);
const disconnect = (properties: readonly number[]): Buffer => packet(0xe0, [0, ...withLength(properties)]);
const puback = (properties: readonly number[]): Buffer => packet(0x40, [0, 1, 0, ...withLength(properties)]);

const malformed = 0x81;
const protocolError = 0x82;
const user = [0x26, ...text('k'), ...text('v')];

describe('properties of MQTT 5', () => {
  it.each<[string, number, Buffer[]]>([
    ['a session expiry of 0, twice', protocolError, [connect([0x11, 0, 0, 0, 0, 0x11, 0, 0, 0, 9])]],
    ['an empty content type, twice', protocolError, [connect([]), publish([0x03, 0, 0, 0x03, 0, 0])]],
    ['a payload format of 0, twice', protocolError, [connect([]), publish([0x01, 0, 0x01, 0])]],
    ['a payload format of 2', protocolError, [connect([]), publish([0x01, 2])]],
    ['a payload format of 2 in a will', protocolError, [connect([], [0x01, 2])]],
    ['request problem information of 2', protocolError, [connect([0x17, 2])]],
    ['request problem information in a PUBLISH', malformed, [connect([]), publish([0x17, 1])]],
    ['a topic alias in a CONNECT', malformed, [connect([0x23, 0, 1])]],
    ['a topic alias in a SUBSCRIBE', malformed, [connect([]), subscribe([0x23, 0, 1])]],
    ['a will delay outside the will', malformed, [connect([0x18, 0, 0, 0, 1])]],
    ['a session expiry in a will', malformed, [connect([], [0x11, 0, 0, 0, 1])]],
    ['a receive maximum in a DISCONNECT', malformed, [connect([]), disconnect([0x21, 0, 1])]],
    ['a content type in a PUBACK', malformed, [connect([]), puback([0x03, ...text('x')])]],
    ['authentication data without a method', protocolError, [connect([0x16, 0, 1, 9])]],
    ['a receive maximum of 0', protocolError, [connect([0x21, 0, 0])]],
    ['a maximum packet size of 0', protocolError, [connect([0x27, 0, 0, 0, 0])]],
    ['a subscription identifier of 0', protocolError, [connect([]), subscribe([0x0b, 0])]],
    ['a null character in a user property', malformed, [connect([]), publish([0x26, ...text('k'), 0, 1, 0])]],
    ['a user property without a value', malformed, [connect([]), publish([0x26, ...text('k')])]],
    ['a property longer than the properties', malformed, [connect([]), publish([0x03, 0, 9, 0x61])]],
    ['an unknown property', malformed, [connect([]), publish([0x7f, 1])]],
    ['a wildcard in the response topic', protocolError, [connect([]), publish([0x08, ...text('a/#')])]],
  ])('end the connection: %s', async (_what, reasonCode, packets) => {
    const iotCore = await startTestIotCore();
    const raw = await connectRaw(iotCore, 5);
    for (const each of packets) raw.write(each);
    await raw.closed;
    const last = raw.packets.at(-1);
    // Before its CONNACK a client gets no DISCONNECT.
    if (packets.length > 1) expect(last).toMatchObject({ cmd: 'disconnect', reasonCode });
    else expect(last === undefined || (last.cmd === 'connack' && last.reasonCode === reasonCode)).toBe(true);
    expect(iotCore.internalErrors).toEqual([]);
  });

  it('are taken where they may stand, user properties any number of times', async () => {
    const iotCore = await startTestIotCore();
    const raw = await connectRaw(iotCore, 5);
    raw.write(
      connect(
        [0x11, 0, 0, 0, 9, 0x21, 0, 9, 0x27, 0, 1, 0, 0, 0x22, 0, 3, 0x17, 1, 0x19, 0, ...user, ...user],
        [0x18, 0, 0, 0, 5, 0x01, 1, 0x02, 0, 0, 0, 9, 0x03, ...text('t'), 0x09, 0, 1, 7, ...user],
      ),
    );
    expect(await raw.packet(0)).toMatchObject({ cmd: 'connack', reasonCode: 0 });
    raw.write(subscribe([...user, ...user]));
    expect(await raw.packet(1)).toMatchObject({ cmd: 'suback' });
    raw.write(publish([0x01, 1, 0x23, 0, 1, ...user]));
    expect(await raw.packet(2)).toMatchObject({
      cmd: 'publish',
      properties: { payloadFormatIndicator: true },
    });
    raw.write(disconnect([0x11, 0, 0, 0, 1, 0x1f, ...text('enough'), ...user]));
    await raw.closed;
    expect(iotCore.internalErrors).toEqual([]);
  });

  it('reach a subscriber in their order, with every repetition [MQTT-3.3.2-18]', async () => {
    const iotCore = await startTestIotCore();
    const subscriber = await connectRaw(iotCore, 5);
    subscriber.write(generate(connectPacket('reader', 5), { protocolVersion: 5 }));
    await subscriber.packet(0);
    subscriber.write(subscribe([]));
    await subscriber.packet(1);
    const chunks: Buffer[] = [];
    subscriber.socket.on('data', (chunk) => chunks.push(chunk));
    const pairs = ['b', 'a', 'b', '1', 'a', '0', 'b'].flatMap((name, i) => [
      0x26,
      ...text(name),
      ...text(`${i}`),
    ]);
    const publisher = await connectRaw(iotCore, 5);
    publisher.write(generate(connectPacket('writer', 5), { protocolVersion: 5 }));
    publisher.write(publish([...pairs, 0x03, ...text('x'), 0x23, 0, 4]));
    await until(() => chunks.length > 0);
    // The alias is the publisher's own; all else comes as it was sent.
    expect(Buffer.concat(chunks)).toEqual(publish([...pairs, 0x03, ...text('x')]));
    subscriber.socket.destroy();
    await once(subscriber.socket, 'close');
  });

  it('are read as they are written', () => {
    const property: fc.Arbitrary<Property> = fc.oneof(
      fc.record({ id: fc.constant(propertyIds.contentType), value: fc.string({ unit: 'grapheme' }) }),
      fc.record({
        id: fc.constant(propertyIds.correlationData),
        value: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      }),
      fc.record({ id: fc.constant(propertyIds.messageExpiryInterval), value: fc.nat(2 ** 31 - 1) }),
      fc.record({ id: fc.constant(propertyIds.payloadFormatIndicator), value: fc.nat(1) }),
    );
    const pair = fc.record({
      id: fc.constant(propertyIds.userProperty),
      value: fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })),
    });
    const lists = fc
      .tuple(fc.uniqueArray(property, { selector: ({ id }) => id }), fc.array(pair, { maxLength: 20 }))
      .map(([once_, many]) => [...once_, ...many])
      .filter((list) => !list.flatMap(({ value }) => value).some((value) => String(value).includes('\0')));
    fc.assert(
      fc.property(lists, fc.nat(3), (list, before) => {
        const bytes = encodeProperties(list);
        const length: number[] = [];
        for (let left = bytes.length; ; left = Math.floor(left / 128)) {
          length.push((left % 128) + (left >= 128 ? 128 : 0));
          if (left < 128) break;
        }
        const frame = Buffer.concat([Buffer.alloc(before), Buffer.from(length), bytes, Buffer.from('rest')]);
        const read = readProperties(frame, before, frame.length, 'publish');
        expect(read.list).toEqual(list);
        expect(frame.toString('latin1', read.end)).toBe('rest');
      }),
    );
  });
});
