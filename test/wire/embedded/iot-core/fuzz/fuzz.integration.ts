import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { IoTDataPlaneClient, paginateListRetainedMessages } from '@aws-sdk/client-iot-data-plane';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import mqtt from 'mqtt';
import { generate, type Packet } from 'mqtt-packet';
import { fetchAdmin } from '../../../../../src/embedded/iot-core/http/admin-client.ts';
import { makeRandom, type Random } from '../../../../../src/shared/random.ts';
import { testKey } from '../../../../support/embedded/test-key.ts';
import { connectPacket, deployedSql, roomyLimits } from '../../../../support/iot-core/fixture.ts';
import { drawStream, makePool, type PacketPool } from '../../../../support/iot-core/fuzz/fuzzed-packets.ts';
import { startObservers } from '../../../../support/iot-core/fuzz/observers.ts';
import { startTarget, type Target } from '../../../../support/iot-core/fuzz/target.ts';

/** `FUZZ_SEED=…` runs a failure once more. */
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1e9);
const wantedFrames = 200_000;
const warmUpFrames = 25_000;
const clientsAtOnce = 48;
/** Longer than any session, will or keep-alive. */
const twoHoursMs = 7_200_000;
/** The broker's sweep comes once a second of the real clock. */
const sweepMs = 1_500;
const heapTolerance = 0.05;

let target: Target;
let pools: PacketPool[];
beforeAll(async () => {
  const many = 1_000_000;
  target = await startTarget({
    ruleSql: deployedSql,
    invokeUrl: 'http://127.0.0.1:9',
    functionName: 'measure-latency',
    listeners: { accessKeys: [testKey] },
    // Only what would keep the fuzz out.
    limits: {
      ...roomyLimits,
      connectsPerSecond: many,
      connectsPerSecondPerClientId: many,
      publishInPerSecond: many,
      publishOutPerSecond: many,
      subscribesPerSecond: many,
      ruleEvaluationsPerSecond: many,
      retainedPublishesPerSecond: many,
      retainedPublishesPerSecondPerTopic: many,
    },
  });
  pools = [makePool(4, seed, 4_000), makePool(5, seed, 4_000)];
});
afterAll(() => target.close());

/** One client: what it sends in one piece or several, and one of the ways to go. */
async function runClient(stream: readonly Buffer[], random: Random, index: number): Promise<void> {
  // From many addresses: there are not ports enough at one.
  const socket = connect({
    port: target.mqttPort,
    host: '127.0.0.1',
    localAddress: `127.0.1.${1 + (index % 250)}`,
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await Promise.race([once(socket, 'connect').catch(() => {}), closed]);
  if (random() < 0.02) socket.pause();
  else socket.resume();
  const bytes = Buffer.concat(stream);
  const pieces = random() < 0.2 ? 2 + Math.floor(random() * 6) : 1;
  for (let i = 0; i < pieces && socket.writable; i++) {
    socket.write(bytes.subarray((i * bytes.length) / pieces, ((i + 1) * bytes.length) / pieces));
    if (pieces > 1) await turn();
  }
  if (random() < 0.9) {
    socket.end();
    if (socket.isPaused()) socket.resume();
    await closed;
  } else {
    await turn();
    socket.resetAndDestroy();
  }
}

/** Clients, so many at a time, until the broker has read that many packets more. */
async function fuzz(frames: number, stream: number): Promise<void> {
  const random = makeRandom(seed, stream);
  const goal = (await target.state()).frames + frames;
  for (let clients = 0; (await target.state()).frames < goal; ) {
    const upTo = clients + 2_000;
    const worker = async (): Promise<void> => {
      while (clients < upTo && target.exitCode() === undefined) {
        const index = clients++;
        await runClient(drawStream(pools[index % pools.length]!, random), random, index);
      }
    };
    await Promise.all(Array.from({ length: clientsAtOnce }, worker));
  }
}

/** No more than may be unacknowledged at once. */
const topicsAtOnce = 50;

async function takeRetainedAway(): Promise<void> {
  const client = new IoTDataPlaneClient({
    endpoint: `http://127.0.0.1:${target.httpPort}`,
    region: 'us-east-1',
    credentials: testKey,
  });
  const port = target.mqttPort;
  const cleaner = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
    clientId: 'cleaner',
    reconnectPeriod: 0,
  });
  const pages = paginateListRetainedMessages({ client, pageSize: topicsAtOnce }, {});
  for await (const { retainedTopics = [] } of pages) {
    const take = (topic: string) => cleaner.publishAsync(topic, '', { qos: 1, retain: true });
    await Promise.all(retainedTopics.map(({ topic }) => take(topic!)));
  }
  await cleaner.endAsync();
  client.destroy();
}

/** @returns bytes, once nothing is left but what the broker always has: sessions and wills are over, nothing is retained */
async function settle(): Promise<number> {
  await target.leap(twoHoursMs);
  await sleep(sweepMs);
  expect(await (await fetchAdmin(target, '/process')).json()).toMatchObject({
    connected: 0,
    sessionsDisconnected: 0,
  });
  await takeRetainedAway();
  return (await target.state()).heapBytes;
}

it(`survives ${wantedFrames} fuzzed packets, leaks nothing and harms no other client: FUZZ_SEED=${seed}`, async () => {
  // Code is compiled and permanent memory allocated before the first measurement of memory.
  await fuzz(warmUpFrames, 1);
  const before = await settle();
  const observer = await startObservers(target.mqttPort, 5);
  await fuzz(wantedFrames, 2);
  const received = await observer.end();
  const after = await settle();
  const { errors } = await target.state();

  expect(errors).toEqual([]);
  expect(observer.acked).toBeGreaterThan(100);
  expect(received).toEqual(Array.from({ length: observer.acked }, (_, n) => n));
  expect(Math.abs(after - before) / before).toBeLessThan(heapTolerance);
});

const connectFrame = (clientId: string): Buffer => generate(connectPacket(clientId) as Packet);
const publishFrame = (bytes: number): Buffer =>
  generate({
    cmd: 'publish',
    topic: 'malformed/t',
    payload: Buffer.alloc(bytes),
    qos: 0,
    retain: false,
    dup: false,
  });

/** A socket without any of a client's manners. */
async function enter(first: Buffer): Promise<Socket> {
  const socket = connect({ port: target.mqttPort, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(first);
  return socket;
}

const ended = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.resume();
    if (socket.readableEnded || socket.destroyed) resolve();
    else for (const event of ['end', 'close']) socket.once(event, () => resolve());
  });

const connectedNow = async (): Promise<number> =>
  ((await (await fetchAdmin(target, '/process')).json()) as { connected: number }).connected;

/** Ways to be a burden, each by many at once. */
const burdens: Readonly<Record<string, (index: number) => Promise<Socket>>> = {
  'never say anything': () => enter(Buffer.alloc(0)),
  'stop in the middle of their CONNECT': () => enter(connectFrame('half').subarray(0, 9)),
  'hang up one way and stay': async (i) => {
    const socket = await enter(connectFrame(`one-way-${i}`));
    socket.end();
    return socket;
  },
  'announce a packet and never send it': (i) =>
    enter(Buffer.concat([connectFrame(`idle-${i}`), publishFrame(149_000).subarray(0, 20)])),
  'come with a packet past 146 KB': (i) =>
    enter(Buffer.concat([connectFrame(`large-${i}`), publishFrame(149_600)])),
  'announce 256 MB': (i) =>
    enter(Buffer.concat([connectFrame(`huge-${i}`), Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f])])),
};

it('gets rid of the half-open, the silent and the oversize, and harms no other client', async () => {
  const observer = await startObservers(target.mqttPort, 5);
  const crowd = await Promise.all(
    Object.values(burdens).flatMap((burden) => Array.from({ length: 60 }, (_, i) => burden(i))),
  );
  const hungUp = Promise.all(crowd.map(ended));
  await sleep(sweepMs);
  // Past the keep-alive of a minute, the crowd's; the observer have twenty.
  await target.leap(91_000);
  await sleep(sweepMs);
  await hungUp;
  expect(await connectedNow()).toBe(2);
  for (const socket of crowd) socket.destroy();
  const received = await observer.end();
  expect(received).toEqual(Array.from({ length: observer.acked }, (_, n) => n));
  expect((await target.state()).errors).toEqual([]);
});

it('serves the slow: byte by byte, and one that does not read', async () => {
  const observer = await startObservers(target.mqttPort, 5);
  const deaf = await enter(connectFrame('deaf'));
  deaf.pause();
  deaf.write(generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'malformed/#', qos: 0 }] }));
  const slow = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const socket = await enter(Buffer.alloc(0));
      const acknowledged = new Promise<void>((resolve) => {
        let bytes = 0;
        socket.on('data', (chunk) => {
          // CONNACK and PUBACK, four bytes each.
          bytes += chunk.length;
          if (bytes === 8) resolve();
        });
      });
      const publish = generate({
        cmd: 'publish',
        topic: 'malformed/slow',
        payload: 'byte by byte',
        qos: 1,
        messageId: 1,
        retain: false,
        dup: false,
      });
      for (const byte of Buffer.concat([connectFrame(`slow-${i}`), publish])) {
        socket.write(Buffer.from([byte]));
        await turn();
      }
      return { socket, acknowledged };
    }),
  );
  await Promise.all(slow.map(({ acknowledged }) => acknowledged));
  // 40 MB for a client that reads nothing: all but what the sockets and the broker's 256 KB hold is dropped.
  const loud = await mqtt.connectAsync(`mqtt://127.0.0.1:${target.mqttPort}`, { clientId: 'loud' });
  const before = (await target.state()).heapBytes;
  for (let i = 0; i < 400; i++) await loud.publishAsync('malformed/loud', Buffer.alloc(100_000), { qos: 1 });
  expect((await target.state()).heapBytes - before).toBeLessThan(4_000_000);
  await loud.endAsync();
  for (const { socket } of slow) socket.destroy();
  deaf.destroy();
  const received = await observer.end();
  expect(received).toEqual(Array.from({ length: observer.acked }, (_, n) => n));
  expect((await target.state()).errors).toEqual([]);
});
