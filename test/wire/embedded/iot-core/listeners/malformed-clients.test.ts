import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import { atEnd, connectClient, connectPacket } from '../../../../support/iot-core/fixture.ts';
import {
  type GuardedIotCore,
  startGuarded,
} from '../../../../support/iot-core/listeners/listener-fixture.ts';
import { until } from '../../../../support/until.ts';

const tlsPorts = ['mqttsPort', 'wssPort', 'httpsPort'] as const;

async function connectTcp(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  atEnd(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function connectSecure(
  iotCore: GuardedIotCore,
  port: number,
  ALPNProtocols?: string[],
): Promise<TLSSocket> {
  const { authority, device } = iotCore.certificates;
  const socket = connectTls({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca: authority,
    cert: device.certificate,
    key: device.key,
    ...(ALPNProtocols === undefined ? {} : { ALPNProtocols }),
  });
  socket.on('error', () => {});
  atEnd(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

/** However it ends. */
const closed = (socket: Socket) =>
  new Promise<void>((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve());
  });

/** Other clients are not affected. */
async function expectWell(iotCore: GuardedIotCore): Promise<void> {
  expect(iotCore.internalErrors).toEqual([]);
  const { client } = await connectClient(iotCore);
  await client.publishAsync('t', 'x', { qos: 1 });
}

describe('at every TLS listener', () => {
  it.each(tlsPorts)('bytes that are not TLS are hung up on: %s', async (port) => {
    const iotCore = await startGuarded();
    for (const bytes of [
      Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
      generate(connectPacket('plain')),
      Buffer.from([22, 3, 1, 0, 5, 1, 0, 0, 1, 0]),
      Buffer.alloc(100_000, 0x16),
    ]) {
      const socket = await connectTcp(iotCore[port]);
      socket.resume();
      socket.write(bytes);
      await closed(socket);
    }
    await expectWell(iotCore);
  });

  it('any bytes are survived', async () => {
    const iotCore = await startGuarded();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...tlsPorts),
        fc.uint8Array({ minLength: 1, maxLength: 600 }),
        fc.boolean(),
        async (port, bytes, isTls) => {
          const socket = await connectTcp(iotCore[port]);
          socket.resume();
          // Half of them begin as a handshake does.
          socket.end(Buffer.from(isTls ? [22, 3, 1, 0, bytes.length & 255, ...bytes] : bytes));
          await closed(socket);
        },
      ),
      { numRuns: 150 },
    );
    await expectWell(iotCore);
  });

  it('a handshake may come byte by byte, be left half way, or never begin', async () => {
    const iotCore = await startGuarded();
    for (const port of tlsPorts) {
      const silent = await connectTcp(iotCore[port]);
      const gone = await connectTcp(iotCore[port]);
      gone.write(Buffer.from([22, 3, 1]));
      gone.destroy();
      const slow = await connectTcp(iotCore[port]);
      const hello = await recordHello();
      for (const byte of hello.subarray(0, 60)) {
        slow.write(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      slow.write(hello.subarray(60));
      const [answer] = (await once(slow, 'data')) as [Buffer];
      expect(answer[0]).toBe(22);
      slow.destroy();
      expect(silent.destroyed).toBe(false);
    }
    await expectWell(iotCore);
  });

  it('clients come in while three hundred others hang in their handshakes', async () => {
    const iotCore = await startGuarded();
    const sockets = await Promise.all(
      Array.from({ length: 300 }, (_, n) => connectTcp(iotCore[tlsPorts[n % 3]!])),
    );
    for (const socket of sockets) socket.write(Buffer.from([22, 3, 1, 1]));
    const socket = await connectSecure(iotCore, iotCore.mqttsPort);
    socket.write(generate(connectPacket('patient')));
    const [connack] = (await once(socket, 'data')) as [Buffer];
    expect([...connack]).toEqual([0x20, 2, 0, 0]);
    for (const each of sockets) each.destroy();
    await expectWell(iotCore);
  });
});

describe('behind a TLS listener', () => {
  it('HTTP to MQTT, MQTT to HTTP, and protocols that there are not, end', async () => {
    const iotCore = await startGuarded();
    const http = await connectSecure(iotCore, iotCore.mqttsPort);
    // Read as MQTT: a packet of 69 bytes that is not CONNECT.
    http.write(`GET / HTTP/1.1\r\nhost: localhost\r\nuser-agent: ${'x'.repeat(80)}\r\n\r\n`);
    await closed(http.resume());
    const mqtt = await connectSecure(iotCore, iotCore.wssPort);
    mqtt.write(generate(connectPacket('lost')));
    await closed(mqtt.resume());
    await expect(connectSecure(iotCore, iotCore.wssPort, ['h2'])).rejects.toThrow(/no application protocol/i);
    await expectWell(iotCore);
  });

  it('a request that is too large, or never ends, harms no other client', async () => {
    const iotCore = await startGuarded();
    const large = await connectSecure(iotCore, iotCore.httpsPort);
    const answers: Buffer[] = [];
    large.on('data', (chunk: Buffer) => answers.push(chunk));
    large.write('POST /topics/t HTTP/1.1\r\nhost: localhost\r\ncontent-length: 300000\r\n\r\n');
    large.write(Buffer.alloc(300_000));
    await until(() => Buffer.concat(answers).toString().includes('413'));
    const headers = await connectSecure(iotCore, iotCore.wssPort, ['http/1.1']);
    headers.write(`GET /mqtt HTTP/1.1\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`);
    await closed(headers.resume());
    const halfway = await connectSecure(iotCore, iotCore.wssPort, ['http/1.1']);
    halfway.write('GET /mqtt HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\n');
    halfway.destroy();
    await expectWell(iotCore);
  });

  it.each([
    ['a target that is no path', '*%', 400],
    ['a signed header that every object has', `${signedPath('host;constructor')}`, 403],
    ['a signed header that is the prototype', `${signedPath('host;__proto__')}`, 403],
  ])('a handshake with %s is refused, and harms no other client', async (_what, target, status) => {
    const iotCore = await startGuarded();
    const socket = await connectSecure(iotCore, iotCore.wssPort, ['http/1.1']);
    socket.write(
      `GET ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n` +
        `sec-websocket-version: 13\r\nsec-websocket-key: ${'A'.repeat(22)}==\r\nsec-websocket-protocol: mqtt\r\n\r\n`,
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    await expectWell(iotCore);
  });

  it('a connection cut off in the middle of a packet counts as gone', async () => {
    const iotCore = await startGuarded();
    const socket = await connectSecure(iotCore, iotCore.mqttsPort);
    socket.write(
      generate(
        connectPacket('cut', 4, { will: { topic: 'stampede/will', payload: '{}', qos: 0, retain: false } }),
      ),
    );
    await once(socket, 'data');
    socket.write(Buffer.from([0x32, 0xff, 0x7f, 0, 1]));
    socket.destroy();
    await until(() => iotCore.arrivals.length === 1);
    await expectWell(iotCore);
  });
});

/** Signed in time and for the right service, but not with the secret. */
function signedPath(signedHeaders: string): string {
  const at = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const query = new URLSearchParams({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `embedded/${at.slice(0, 8)}/us-east-1/iotdevicegateway/aws4_request`,
    'X-Amz-Date': at,
    'X-Amz-SignedHeaders': signedHeaders,
    'X-Amz-Signature': '0'.repeat(64),
  });
  return `/mqtt?${query}`;
}

/** What Node's TLS says first. */
async function recordHello(): Promise<Buffer> {
  const { createServer } = await import('node:net');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const client = connectTls({ port, host: '127.0.0.1', servername: 'localhost' });
  client.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}
