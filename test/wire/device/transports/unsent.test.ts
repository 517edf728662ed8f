import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { runSlice } from '../../../../src/device/slice-runner.ts';
import type { MakeTransport } from '../../../../src/device/transport.ts';
import { makeHttpTransport, webService } from '../../../../src/device/transports/http/http-transport.ts';
import { makeHttpsTransport } from '../../../../src/device/transports/https.ts';
import { makeCertificates } from '../../../../src/embedded/iot-core/auth/certificates.ts';
import { countEncoded } from '../../../../src/measure/interval-set.ts';
import type { SliceResult } from '../../../../src/measure/slice-result.ts';
import type { Plan } from '../../../../src/plan/plan.ts';
import type { HttpSettings } from '../../../../src/profile/http-settings.ts';
import { makeSystemClock } from '../../../../src/shared/clock.ts';
import { sumOf } from '../../../../src/shared/counts.ts';
import { makeRandom } from '../../../../src/shared/random.ts';
import { makeTestPlan, type RunOptions } from '../../../support/device/make-run.ts';
import { cleanUp, cleanUpLater, httpsSettingsOf } from '../../../support/device/transports/open-transport.ts';

afterEach(cleanUp);

const shortMs = 600;
/** No answer of a busy machine comes later. */
const longMs = 20_000;

/** How a slice of messages gets to a server: to AWS IoT Core over HTTPS, or to a web service. */
interface Way {
  readonly name: string;
  plan(origin: string, options: RunOptions): Plan;
  transport(origin: string, ackTimeoutMs: number): MakeTransport;
}

const httpSettings: HttpSettings = {
  method: 'POST',
  query: {},
  headers: {},
  contentType: 'application/json',
  succeeds: ['2xx'],
  version: '1.1',
  connections: { perDevice: 1 },
  keepAlive: true,
};

function wayToWebService(version: HttpSettings['version']): Way {
  const http = { ...httpSettings, version };
  return {
    name: `a web service, HTTP/${version}`,
    plan(origin, options) {
      const plan = makeTestPlan(options, Date.now());
      return { ...plan, profile: { ...plan.profile, http }, target: { kind: 'http', url: `${origin}/x` } };
    },
    transport: (origin, ackTimeoutMs) =>
      makeHttpTransport({
        protocol: webService(http.succeeds),
        version,
        keepAlive: true,
        connections: { perDevice: 1 },
        origin: new URL(origin),
        tlsOf: () => ({}),
        connectTimeoutMs: 300,
        ackTimeoutMs,
        secretHeaders: {},
      }),
  };
}

const iotCore: Way = {
  name: 'AWS IoT Core',
  plan: (_, options) => makeTestPlan(options, Date.now()),
  transport: (origin, ackTimeoutMs) => makeHttpsTransport({ ...httpsSettingsOf(origin), ackTimeoutMs }),
};

/** One slice; what it counts adds up. */
async function run(
  way: Way,
  origin: string,
  { seconds = 1, ackTimeoutMs = shortMs } = {},
): Promise<SliceResult> {
  const ratePerSecond = 100;
  const connect = { protocol: 'https', ratePerSecond: 1_000 } as const;
  const shape = { devices: 10, ratePerSecond, seconds, leadMs: 50, connectMs: 50 };
  const plan = way.plan(origin, { ...shape, connect, publish: { ackTimeoutMs } });
  const result = await runSlice({
    plan,
    slice: 0,
    clock: makeSystemClock(),
    random: makeRandom(1, 0),
    transport: way.transport(origin, ackTimeoutMs),
    onCheckpoint: async () => {},
    onSnapshot: () => {},
    stop: new AbortController().signal,
  });
  const { intended, sent, dropped, acked, throttled, failed, unacknowledged } = result.messages;
  expect(intended).toBe(ratePerSecond * seconds);
  expect(sent + dropped).toBe(intended);
  expect(acked + throttled + failed + unacknowledged).toBe(sent);
  expect(sumOf(Object.values(result.droppedBy))).toBe(dropped);
  expect(countEncoded(result.streams[0]!.sent)).toBe(sent);
  expect(sumOf(result.perSecond.sent)).toBe(sent);
  expect(result.latencies.send_lag.count).toBe(sent);
  return result;
}

async function listen(server: Server, scheme: 'http' | 'https'): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUpLater(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closedPort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Nothing left, so that nothing can be lost; all of it is dropped for want of a connection. */
function expectNothingSent(result: SliceResult, reason: RegExp): void {
  expect(result.messages).toMatchObject({ intended: 100, sent: 0, dropped: 100, failed: 0 });
  expect(result.droppedBy).toEqual({ 'not-connected': 100 });
  expect(result.failedBy).toEqual({});
  expect(Object.keys(result.connectFailedBy).join()).toMatch(reason);
  expect(result.lastSentAt).toBeUndefined();
}

describe.each([iotCore, wayToWebService('1.1'), wayToWebService('2')])('messages to $name', (way) => {
  it('are dropped where nothing listens', async () => {
    const result = await run(way, `http://127.0.0.1:${await closedPort()}`);
    expectNothingSent(result, /^ECONNREFUSED$/);
  });

  it('are dropped where the host has no address', async () => {
    // A label of more than 63 bytes: no name server is asked.
    expectNothingSent(await run(way, `http://${'x'.repeat(64)}.invalid`), /^(ENOTFOUND|EAI_AGAIN)$/);
  });

  it('are dropped where no trusted authority has signed the certificate', async () => {
    const { server } = await makeCertificates(Date.now());
    const origin = await listen(
      createHttpsServer(
        { cert: server.certificate, key: server.key, ALPNProtocols: ['h2', 'http/1.1'] },
        (_, response) => response.end(),
      ),
      'https',
    );
    expectNothingSent(await run(way, origin), /CERT|SIGN|VERIFY/);
  });

  it('are dropped where the handshake does not end within the ack timeout', async () => {
    const silent = createTcpServer() as Server;
    const origin = await listen(silent, 'http');
    const result = await run(way, origin.replace('http:', 'https:'));
    expectNothingSent(result, /^ETIMEDOUT$/);
  });
});

describe.each([iotCore, wayToWebService('1.1')])('messages to $name', (way) => {
  it('that were written and not answered are sent and unacknowledged when the server goes away', async () => {
    let seen = 0;
    const sockets = new Set<Socket>();
    const server = createServer((request, response) => {
      seen++;
      request.resume();
      if (seen <= 40) response.end();
      // The ten devices have each a request that is not answered: nothing listens any more, and then their connections break.
      if (seen < 50) return;
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    server.on('connection', (socket: Socket) => sockets.add(socket));
    // However late a machine sends the first 50, time is left in which devices connect again.
    const result = await run(way, await listen(server, 'http'), { seconds: 4, ackTimeoutMs: longMs });
    // The kernel may have accepted connections that the server had not: what was written to them is sent as well.
    const { sent } = result.messages;
    expect(sent).toBeGreaterThanOrEqual(seen);
    expect(result.messages).toMatchObject({ acked: 40, unacknowledged: sent - 40 });
    expect(seen).toBeGreaterThanOrEqual(50);
    expect(result.connectFailedBy.ECONNREFUSED).toBeGreaterThan(0);
    expect(result.droppedBy['not-connected']).toBe(result.messages.intended - sent);
    const { disconnectedBy, requests } = result;
    expect(sumOf(Object.values(requests?.unansweredBy ?? disconnectedBy))).toBeGreaterThan(0);
  });
});
