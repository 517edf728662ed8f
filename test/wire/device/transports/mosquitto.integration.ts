import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { generate, type Packet, parser } from 'mqtt-packet';
import { collectGarbage } from '../../../support/device/transports/collect-garbage.ts';
import { testAliases, testProperties, testWill } from '../../../support/device/transports/message-surface.ts';
import { cleanUp, cleanUpLater, open } from '../../../support/device/transports/open-transport.ts';
import { freePort } from '../../../support/influx/free-port.ts';

afterEach(cleanUp);
afterAll(collectGarbage);

const isInstalled = spawnSync('mosquitto', ['-h']).error === undefined;
if (!isInstalled) console.warn('skipped: mosquitto is not installed (apt-get install mosquitto)');
const describeIfInstalled = isInstalled ? describe : describe.skip;

/** Mosquitto, and what it logs: who went, and how. */
async function startMosquitto() {
  const port = await freePort();
  const config = join(mkdtempSync(join(tmpdir(), 'stampede-mosquitto-')), 'mosquitto.conf');
  writeFileSync(config, `allow_anonymous true\nlistener ${port} 127.0.0.1\nlog_type all\n`);
  const child = spawn('mosquitto', ['-c', config]);
  const exited = once(child, 'exit');
  cleanUpLater(async () => {
    child.kill();
    await exited;
  });
  let log = '';
  const waiting = new Set<() => void>();
  child.stderr.on('data', (chunk) => {
    log += chunk;
    for (const resolve of waiting) resolve();
    waiting.clear();
  });
  const logged = async (text: string): Promise<void> => {
    while (!log.includes(text)) await new Promise<void>((resolve) => waiting.add(resolve));
  };
  await logged('running');
  const pause = (): void => void child.kill('SIGSTOP');
  const goOn = (): void => void child.kill('SIGCONT');
  return { address: { host: '127.0.0.1', port }, logged, log: () => log, pause, goOn };
}

describeIfInstalled.each(['dense', 'device-sdk'] as const)('%s against Mosquitto', (kind) => {
  const addressOf = async () => (await startMosquitto()).address;
  testProperties(kind, addressOf);
  testAliases(kind, addressOf);
  testWill(kind, addressOf);

  it('receives by filters with wildcards, at the quality of service it asked for, and acknowledges', async () => {
    const { address, logged, log } = await startMosquitto();
    const { listener, transport } = open(kind, address, { devices: 3 });
    for (const device of [0, 1, 2]) transport.connect(device);
    await listener.until('connected', 3);
    transport.subscribe(1, 'fleet/+/state', 1);
    transport.subscribe(2, 'fleet/#', 0);
    await listener.until('subscribed', 2);
    for (let token = 0; token < 50; token++) {
      const topic = `fleet/d${token}/${token % 2 === 0 ? 'state' : 'other'}`;
      transport.send(0, { token, topic, payload: Buffer.from(String(token)), qos: 1, retain: false });
    }
    transport.flush();
    await listener.until('acknowledged', 50);
    const received = await listener.until('received', 75);
    for (const [device, qos, count] of [
      [1, 1, 25],
      [2, 0, 50],
    ] as const) {
      const own = received.filter(([d]) => d === device).map(([, message]) => message as { qos: number });
      expect(own.length).toBe(count);
      expect(new Set(own.map((message) => message.qos))).toEqual(new Set([qos]));
    }
    await logged('Received PUBACK from run-d1 (Mid: 25');
    expect(log().match(/Received PUBACK from run-d1 /g)).toHaveLength(25);
    expect(log()).not.toContain('Received PUBACK from run-d2');
  });

  it('gets what is retained, and says so', async () => {
    const { address } = await startMosquitto();
    const { listener, transport } = open(kind, address);
    transport.connect(0);
    await listener.until('connected');
    transport.send(0, { token: 1, topic: 'kept', payload: Buffer.from('x'), qos: 1, retain: true });
    transport.flush();
    await listener.until('acknowledged');
    transport.subscribe(0, 'kept', 1);
    expect(await listener.until('received')).toEqual([
      [0, { topic: 'kept', payload: 'x', qos: 1, dup: false, retain: true }],
    ]);
  });

  it('goes clean, with a DISCONNECT', async () => {
    const { address, logged } = await startMosquitto();
    const { listener, transport } = open(kind, address);
    transport.connect(0);
    await listener.until('connected');
    transport.disconnect(0, 'clean');
    expect(await listener.until('disconnected')).toEqual([[0, 'clean']]);
    await logged('Received DISCONNECT from run-d0');
    await logged('Client run-d0 disconnected.');
  });

  it('is dropped, without one', async () => {
    const { address, logged, log } = await startMosquitto();
    const { listener, transport } = open(kind, address);
    transport.connect(0);
    await listener.until('connected');
    transport.disconnect(0, 'drop');
    expect(await listener.until('disconnected')).toEqual([[0, 'drop']]);
    await logged('Client run-d0 closed its connection.');
    expect(log()).not.toContain('Received DISCONNECT');
  });
});

describeIfInstalled('dense against Mosquitto', () => {
  it('goes silent, which its keep-alive shows after one and a half times its length', async () => {
    const { address, logged, log } = await startMosquitto();
    const { listener, transport } = open('dense', address, { devices: 2, keepAliveMs: 2_000 });
    for (const device of [0, 1]) transport.connect(device);
    await listener.until('connected', 2);
    transport.disconnect(0, 'silent');
    expect(await listener.until('disconnected')).toEqual([[0, 'silent']]);
    await logged('Client run-d0 has exceeded timeout, disconnecting.');
    expect(log()).not.toContain('Received DISCONNECT');
    expect(log()).not.toContain('Client run-d1 has exceeded');
    transport.connect(0);
    await listener.until('connected', 3);
    expect(listener.of('disconnected').length).toBe(1);
  });
});

/** A client without a state of its own: it sends what it is asked to, and keeps what comes. */
async function openRaw(address: { host: string; port: number }, clientId: string) {
  const socket = connect(address).on('error', () => undefined);
  cleanUpLater(async () => socket.destroy());
  const packets: Packet[] = [];
  const decoder = parser({ protocolVersion: 5 }).on('packet', (packet: Packet) => packets.push(packet));
  socket.on('data', (chunk) => decoder.parse(chunk));
  const send = (packet: Packet) => socket.write(generate(packet, { protocolVersion: 5 }));
  await once(socket, 'connect');
  send({
    ...{ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clientId, clean: false, keepalive: 60 },
    properties: { sessionExpiryInterval: 300 },
  });
  const got = async (cmd: Packet['cmd']): Promise<Packet & { messageId?: number; dup?: boolean }> => {
    while (true) {
      const found = packets.find((packet) => packet.cmd === cmd);
      if (found !== undefined) return found;
      await once(socket, 'data');
    }
  };
  return { socket, packets, send, got };
}

describeIfInstalled('Mosquitto', () => {
  it('sends a PUBLISH at QoS 2 again after its PUBREL if a connection breaks as its session goes on', async () => {
    const { address, logged, pause, goOn } = await startMosquitto();
    const { listener, transport, publish } = open('dense', address, { qos: 2 });
    transport.connect(0);
    const first = await openRaw(address, 'raw');
    first.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't/d0', qos: 2 }] });
    await Promise.all([first.got('suback'), listener.until('connected')]);
    publish(0, 0, Buffer.from('x'));
    transport.flush();
    const { messageId } = await first.got('publish');
    first.send({ cmd: 'pubrec', messageId: messageId! });
    await first.got('pubrel');
    first.socket.destroy();
    await logged('Client raw closed its connection.');
    // Closed before Mosquitto reads its CONNECT: the CONNACK is written, the PUBREL after it fails.
    pause();
    const second = await openRaw(address, 'raw');
    second.socket.destroy();
    await once(second.socket, 'close');
    goOn();
    await logged('Client raw disconnected: Broken pipe.');
    const third = await openRaw(address, 'raw');
    expect(await third.got('connack')).toMatchObject({ sessionPresent: true });
    expect(await third.got('publish')).toMatchObject({ messageId, dup: true });
    expect(third.packets.map(({ cmd }) => cmd)).not.toContain('pubrel');
  });
});
