import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Aedes } from 'aedes';
import { generate, type IPublishPacket, type Packet } from 'mqtt-packet';
import {
  cleanUp,
  cleanUpLater,
  type Opened,
  type Options,
  open as openTransport,
  startBroker,
} from '../../../support/device/transports/open-transport.ts';
import {
  acceptEverything,
  type Script,
  type ScriptedBroker,
  send,
} from '../../../support/device/transports/scripted-broker.ts';

// QoS 2 of the dense client, both ways, against a broker that follows a script and one that is not ours.

afterEach(cleanUp);

const open = (address: { host: string; port: number }, options?: Options) =>
  openTransport('dense', address, { qos: 2, ...options });

/** One connected device, its broker and the broker's socket. */
async function openOne(script: Script = exactlyOnce, options: Options = {}) {
  const broker = await startBroker();
  broker.script = script;
  const opened = open(broker.address, options);
  opened.transport.connect(0);
  await opened.listener.until('connected');
  const [socket] = broker.sockets;
  const answer = (packet: Packet) => send(socket!, packet, options.mqttVersion ?? 5);
  const publish = (token: number) => {
    expect(opened.publish(0, token, Buffer.from(`m${token}`))).toBe(true);
    opened.transport.flush();
  };
  return { ...opened, broker, answer, publish, socket: socket! };
}

/** Completes every message. */
const exactlyOnce: Script = (packet, socket, version) => {
  switch (packet.cmd) {
    case 'publish':
      send(socket, { cmd: 'pubrec', messageId: packet.messageId! }, version);
      break;
    case 'pubrel':
      send(socket, { cmd: 'pubcomp', messageId: packet.messageId! }, version);
      break;
    default:
      acceptEverything(packet, socket, version);
  }
};

/** Answers nothing but CONNECT. @param sessionPresent of each connection */
const silent =
  (...sessionPresent: boolean[]): Script =>
  (packet, socket, version) => {
    if (packet.cmd !== 'connect') return;
    const isPresent = sessionPresent.shift() ?? false;
    send(socket, { cmd: 'connack', sessionPresent: isPresent, returnCode: 0, reasonCode: 0 }, version);
  };

const idsOf = (packets: Packet[]) => packets.map(({ messageId }) => messageId);

describe.each([5, 4] as const)('QoS 2, MQTT version %i', (mqttVersion) => {
  it('publishes in four packets with one identifier, and is acknowledged by the last', async () => {
    const { listener, broker, publish } = await openOne(exactlyOnce, { mqttVersion });
    for (let token = 0; token < 50; token++) publish(token);
    await listener.until('acknowledged', 50);
    const ids = idsOf(broker.packets('publish'));
    expect(new Set(ids).size).toBe(50);
    expect(idsOf(broker.packets('pubrel'))).toEqual(ids);
    expect(broker.published.every(({ qos, dup }) => qos === 2 && !dup)).toBe(true);
    const names = listener.events.map(([name, , token]) => [name, token]);
    for (let token = 0; token < 50; token++) {
      const own = names.filter(([, of]) => of === token).map(([name]) => name);
      expect(own).toEqual(['accepted', 'acknowledged']);
    }
  });

  it('keeps an identifier until PUBCOMP, whatever else is answered', async () => {
    const { listener, broker, answer, publish } = await openOne(silent(), { mqttVersion });
    publish(0);
    publish(1);
    await broker.got('publish', 2);
    answer({ cmd: 'pubrec', messageId: 1 });
    answer({ cmd: 'pubrec', messageId: 2 });
    answer({ cmd: 'pubcomp', messageId: 2 });
    await listener.until('acknowledged');
    publish(2);
    await broker.got('publish', 3);
    answer({ cmd: 'pubcomp', messageId: 1 });
    await listener.until('acknowledged', 2);
    expect(listener.of('acknowledged')).toEqual([
      [0, 1],
      [0, 0],
    ]);
    expect(idsOf(broker.packets('publish'))).toEqual([1, 2, 3]);
  });

  it('answers a PUBREC that comes again, and one of nothing; a second PUBCOMP changes nothing', async () => {
    const { listener, broker, answer, publish } = await openOne(silent(), { mqttVersion });
    publish(7);
    await broker.got('publish');
    answer({ cmd: 'pubrec', messageId: 1 });
    answer({ cmd: 'pubrec', messageId: 1 });
    answer({ cmd: 'pubrec', messageId: 999 });
    const released = (await broker.got('pubrel', 3)) as (Packet & { reasonCode?: number })[];
    expect(released.map(({ messageId, reasonCode = 0 }) => [messageId, reasonCode])).toEqual([
      [1, 0],
      [1, 0],
      [999, mqttVersion === 5 ? 0x92 : 0],
    ]);
    for (const messageId of [1, 1, 999]) answer({ cmd: 'pubcomp', messageId });
    publish(8);
    await broker.got('publish', 2);
    answer({ cmd: 'pubrec', messageId: 2 });
    answer({ cmd: 'pubcomp', messageId: 2 });
    await listener.until('acknowledged', 2);
    expect(listener.of('acknowledged').map(([, token]) => token)).toEqual([7, 8]);
    expect(listener.of('accepted').map(([, token]) => token)).toEqual([7, 8]);
    expect(listener.of('disconnected')).toEqual([]);
  });

  it('closes a connection whose answers do not fit', async () => {
    for (const cmd of ['puback', 'pubcomp'] as const) {
      const { listener, broker, answer, publish } = await openOne(silent(), { mqttVersion });
      publish(0);
      await broker.got('publish');
      answer({ cmd, messageId: 1 });
      expect(await listener.until('disconnected')).toEqual([[0, 'ProtocolError']]);
      expect(listener.of('acknowledged')).toEqual([]);
    }
    const { listener, transport, broker, answer } = await openOne(silent(), { mqttVersion });
    transport.send(0, { token: 0, topic: 't', payload: Buffer.from('x'), qos: 1, retain: false });
    transport.flush();
    await broker.got('publish');
    answer({ cmd: 'pubrec', messageId: 1 });
    expect(await listener.until('disconnected')).toEqual([[0, 'ProtocolError']]);
  });

  it('receives each message once, by its identifier until PUBREL', async () => {
    const { listener, broker, answer } = await openOne(silent(), { mqttVersion });
    const message = (payload: string, dup: boolean): IPublishPacket => ({
      cmd: 'publish',
      topic: 'in',
      payload,
      qos: 2,
      messageId: 5,
      dup,
      retain: false,
    });
    answer(message('a', false));
    answer(message('a', true));
    await broker.got('pubrec', 2);
    answer({ cmd: 'pubrel', messageId: 5 });
    answer({ cmd: 'pubrel', messageId: 5 });
    const completed = (await broker.got('pubcomp', 2)) as (Packet & { reasonCode?: number })[];
    expect(completed.map(({ messageId, reasonCode = 0 }) => [messageId, reasonCode])).toEqual([
      [5, 0],
      [5, mqttVersion === 5 ? 0x92 : 0],
    ]);
    answer(message('b', false));
    await broker.got('pubrec', 3);
    expect(listener.of('received').map(([, received]) => received)).toMatchObject([
      { payload: 'a', qos: 2, dup: false },
      { payload: 'b', qos: 2, dup: false },
    ]);
  });
});

describe('QoS 2 in MQTT 5', () => {
  it('is refused by the code of a PUBREC, and by that of a PUBCOMP', async () => {
    const { listener, broker, answer, publish } = await openOne(silent());
    for (const token of [0, 1, 2]) publish(token);
    await broker.got('publish', 3);
    answer({ cmd: 'pubrec', messageId: 1, reasonCode: 0x87 });
    answer({ cmd: 'pubrec', messageId: 2, reasonCode: 0x97 });
    answer({ cmd: 'pubrec', messageId: 3, reasonCode: 0x10 });
    await broker.got('pubrel');
    answer({ cmd: 'pubcomp', messageId: 3, reasonCode: 0x92 });
    expect(await listener.until('refused', 3)).toEqual([
      [0, 0, 'failed', 'NotAuthorized'],
      [0, 1, 'throttled', 'QuotaExceeded'],
      [0, 2, 'failed', 'PacketIdentifierNotFound'],
    ]);
    expect(idsOf(broker.packets('pubrel'))).toEqual([3]);
    expect(listener.of('acknowledged')).toEqual([]);
  });
});

/** Breaks the connection and connects again. */
async function reconnect(
  { transport, listener }: Pick<Opened, 'transport' | 'listener'>,
  broker: ScriptedBroker,
): Promise<Socket> {
  const before = listener.of('connected').length;
  for (const socket of broker.sockets) socket.destroy();
  await listener.until('disconnected', before);
  transport.connect(0);
  await listener.until('connected', before + 1);
  return [...broker.sockets].at(-1)!;
}

describe('QoS 2 and sessions', () => {
  /** Token 0 is released, token 1 has no answer, token 2 was refused, token 3 is complete. */
  async function interrupted(cleanStart: boolean, sessionPresent: boolean) {
    const one = await openOne(silent(false, sessionPresent), { cleanStart });
    for (const token of [0, 1, 2, 3]) one.publish(token);
    await one.broker.got('publish', 4);
    one.answer({ cmd: 'pubrec', messageId: 4 });
    one.answer({ cmd: 'pubcomp', messageId: 4 });
    one.answer({ cmd: 'pubrec', messageId: 3, reasonCode: 0x87 });
    one.answer({ cmd: 'pubrec', messageId: 1 });
    await one.broker.got('pubrel', 2);
    const socket = await reconnect(one, one.broker);
    const answer = (packet: Packet) => send(socket, packet, 5);
    return { ...one, answer };
  }

  it('sends again what a resumed session has not finished, before anything else, with the same identifiers', async () => {
    const { listener, broker, answer, publish } = await interrupted(false, true);
    expect(listener.of('connected')).toEqual([
      [0, 65_535, false],
      [0, 65_535, true],
    ]);
    publish(4);
    await broker.got('publish', 6);
    const again = broker.received.slice(broker.received.findLastIndex(({ cmd }) => cmd === 'connect') + 1);
    expect(again).toMatchObject([
      { cmd: 'publish', messageId: 2, qos: 2, dup: true },
      { cmd: 'pubrel', messageId: 1 },
      { cmd: 'publish', messageId: 5, qos: 2, dup: false },
    ]);
    expect((again[0] as IPublishPacket).payload.toString()).toBe('m1');
    answer({ cmd: 'pubcomp', messageId: 1 });
    answer({ cmd: 'pubrec', messageId: 2 });
    answer({ cmd: 'pubcomp', messageId: 2 });
    await listener.until('acknowledged', 3);
    expect(listener.of('acknowledged').map(([, token]) => token)).toEqual([3, 0, 1]);
  });

  it('sends nothing again where the service has no session, or after a clean start', async () => {
    for (const [cleanStart, sessionPresent] of [
      [false, false],
      [true, false],
    ] as const) {
      const { listener, broker, publish } = await interrupted(cleanStart, sessionPresent);
      publish(4);
      await broker.got('publish', 5);
      expect(listener.of('connected').at(-1)).toEqual([0, 65_535, false]);
      const again = broker.received.slice(broker.received.findLastIndex(({ cmd }) => cmd === 'connect') + 1);
      expect(again).toMatchObject([{ cmd: 'publish', messageId: 1, dup: false }]);
    }
  });

  const message = (dup: boolean) =>
    ({ cmd: 'publish', topic: 'in', payload: 'a', qos: 2, messageId: 9, retain: false, dup }) as const;
  const released = { cmd: 'pubrel', messageId: 9 } as const;

  // What the broker had sent and seen when the connection broke, what it sends then, and how often the message is delivered.
  it.each([
    ['after its PUBLISH', 'sent', true, [message(true), released], 1],
    ['after its PUBREC', 'received', true, [released], 1],
    ['after its PUBREL', 'released', true, [released], 1],
    ['after its PUBLISH, and its session is lost', 'sent', false, [message(false), released], 2],
    ['after its PUBREL, and its session is lost', 'released', false, [message(false), released], 2],
    ['after its PUBREL, and is sent again against the rules', 'released', true, [message(true), released], 2],
  ] as const)('receives a message whose connection breaks %s', async (_, state, isKept, again, times) => {
    const one = await openOne(silent(false, isKept), { cleanStart: false });
    const [first] = one.broker.sockets;
    if (state === 'sent') {
      // Its PUBREC goes to a connection that is closed already.
      first!.end(generate(message(false), { protocolVersion: 5 }));
      await one.listener.until('received');
    } else {
      one.answer(message(false));
      await one.broker.got('pubrec');
      if (state === 'released') one.answer(released);
      if (state === 'released') await one.broker.got('pubcomp');
    }
    const socket = await reconnect(one, one.broker);
    for (const packet of again) send(socket, packet, 5);
    await one.broker.got('pubcomp', state === 'released' ? 2 : 1);
    expect(one.listener.of('received').map(([, received]) => received)).toMatchObject(
      [
        { payload: 'a', dup: false },
        { payload: 'a', dup: isKept },
      ].slice(0, times),
    );
  });
});

describe('a connection', () => {
  it('has one CONNACK, and in MQTT 3.1.1 no DISCONNECT from the server', async () => {
    const twice = await openOne(silent());
    twice.answer({ cmd: 'connack', sessionPresent: false, reasonCode: 0 });
    expect(await twice.listener.until('disconnected')).toEqual([[0, 'ProtocolError']]);
    const old = await openOne(silent(), { mqttVersion: 4 });
    old.socket.write(Buffer.from([0xe0, 0]));
    expect(await old.listener.until('disconnected')).toEqual([[0, 'ProtocolError']]);
  });
});

describe('device-sdk', () => {
  it('says that it has no QoS 2', async () => {
    const broker = await startBroker();
    const { transport, publish } = openTransport('device-sdk', broker.address, { qos: 2 });
    expect(() => publish(0, 0, Buffer.from('x'))).toThrow('has no QoS 2');
    expect(() => transport.subscribe(0, 't', 2)).toThrow('has no QoS 2');
  });
});

describe('QoS 2 through aedes', () => {
  it('reaches a subscriber of the same client, every message once', async () => {
    const aedes = await Aedes.createBroker();
    const server = createServer(aedes.handle);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUpLater(async () => {
      await new Promise<void>((resolve) => aedes.close(resolve));
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const { listener, transport, publish } = open(
      { host: '127.0.0.1', port },
      { devices: 2, mqttVersion: 4 },
    );
    for (const device of [0, 1]) transport.connect(device);
    await listener.until('connected', 2);
    transport.subscribe(1, 't/#', 2);
    await listener.until('subscribed');
    for (let token = 0; token < 100; token++) publish(0, token, Buffer.from(String(token)));
    transport.flush();
    await listener.until('acknowledged', 100);
    const received = await listener.until('received', 100);
    const payloads = received.map(([, message]) => (message as { payload: string }).payload);
    expect(payloads.sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 100 }, (_, i) => String(i)),
    );
    expect(received.every(([, message]) => (message as { qos: number }).qos === 2)).toBe(true);
  });
});
