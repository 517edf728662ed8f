import { randomBytes } from 'node:crypto';
import { type EventEmitter, once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mqtt from 'mqtt';
import { generate } from 'selfsigned';
import { makeLiveFiguresReader } from '../../../src/aws/live-figures.ts';
import { makeRunRepository } from '../../../src/cli/runs/run-repository.ts';
import { type EdgeRoute, startGateway } from '../../../src/embedded/gateway/gateway.ts';
import { makeRouteTable } from '../../../src/embedded/gateway/route-table.ts';
import { renderJsonError } from '../../../src/embedded/gateway/serve-request.ts';
import { wallClock } from '../../../src/embedded/iot-core/broker-clock.ts';
import { type RunningIotCore, runIotCore } from '../../../src/embedded/iot-core/iot-core.ts';
import { iotCoreSettingsOf } from '../../../src/embedded/iot-core/start-iot-core.ts';
import { type OpenEmbeddedAws, openEmbeddedAws } from '../../../src/embedded/process/embedded-aws.ts';
import { makeExampleProfiles } from '../../../src/ui/example-profiles.ts';
import { makePageModules } from '../../../src/ui/modules.ts';
import { makeRunSlot } from '../../../src/ui/run-slot.ts';
import { startUiServer, type UiServer, uiRoutes } from '../../../src/ui/server.ts';
import { readLiveSource } from '../../../src/worker/environment.ts';
import {
  findClosed,
  findUnrefused,
  type ListenerUnderTest,
  type Proof,
} from '../../support/access/attempts.ts';
import { keyIn } from '../../support/embedded/test-key.ts';
import { type PresignOptions, presignedUrl } from '../../support/iot-core/listeners/presign.ts';
import { openSession } from '../../support/ui/session-cookie.ts';

// As another user of this machine, and as a page of another site: every route of every HTTP and WebSocket listener, by the
// listeners' own tables.

let runsDirectory: string;
let aws: OpenEmbeddedAws;
let iotCore: RunningIotCore;
let page: UiServer;
let started = 0;
let listeners: ListenerUnderTest[];

const packageRoot = path.resolve(import.meta.dirname, '../../..');

beforeAll(async () => {
  runsDirectory = await mkdtemp(path.join(tmpdir(), 'stampede-access-'));
  aws = await openEmbeddedAws({ runsDirectory, packageRoot, limits: {} }, async (start) => {
    iotCore = await runIotCore(iotCoreSettingsOf(start), wallClock, () => undefined);
    return {
      ...iotCore.addresses,
      ended: new Promise(() => undefined),
      onTrouble: () => undefined,
      metrics: async () => [],
      faults: async () => [],
      changeFaults: async () => undefined,
      close: () => iotCore.close(),
    };
  });
  page = await startUiServer(
    {
      slot: makeRunSlot(),
      library: makeRunRepository(runsDirectory),
      examples: makeExampleProfiles('profiles'),
      modules: makePageModules(),
      startRun: () => `run-${++started}`,
    },
    { port: 0, onOpened: () => undefined },
  );
  listeners = await listenersOf(await openSession(page.link));
});
afterAll(async () => {
  await Promise.all([page.close(), aws.close()]);
  await rm(runsDirectory, { recursive: true, force: true, maxRetries: 5 });
});

async function listenersOf(cookie: string): Promise<ListenerUnderTest[]> {
  const right = keyIn(aws.environment);
  const signed = (service: string): Proof => ({
    kind: 'signature',
    service,
    key: { right, wrong: { ...right, secretAccessKey: 'embedded' } },
  });
  const headed = (name: string, value: string): Proof => ({
    kind: 'header',
    name,
    value: { right: value, wrong: `${value.slice(0, -1)}?` },
  });
  const byInflux = headed('authorization', `Token ${aws.environment.INFLUX_TOKEN}`);
  const byAdmin = headed('authorization', `Bearer ${aws.adminToken}`);
  const byCookie = headed('cookie', cookie);
  const gatewayProof = ({ path: at, signedFor }: EdgeRoute): Proof => {
    if (signedFor !== undefined) return signed(signedFor);
    if (at.startsWith('/environments/')) return { kind: 'path' };
    return /^\/(api\/v2|live|health|ping)/.test(at) ? byInflux : signed('iotdata');
  };
  const { certificateFile, keyFile, caFile } = iotCore.addresses.files!;
  const [cert, key, ca] = await Promise.all(
    [certificateFile, keyFile, caFile].map((file) => readFile(file, 'utf8')),
  );
  const unregistered = await generate([{ name: 'commonName', value: 'unregistered' }], { keyType: 'ec' });
  const byCertificate: Proof = {
    kind: 'certificate',
    files: {
      right: { cert: cert!, key: key! },
      wrong: { cert: unregistered.cert, key: unregistered.private },
    },
  };
  const { http, admin, tls } = iotCore.routes;
  const overHttps = tls.filter((route) => route.path !== '/mqtt');
  const { adminUrl, httpPort, wssPort, httpsPort } = iotCore;
  const portOf = (url: string): number => Number(new URL(url).port);
  return [
    {
      name: 'control port',
      port: portOf(aws.environment.AWS_ENDPOINT_URL!),
      routes: aws.routes,
      proofOf: gatewayProof,
    },
    { name: 'data plane', port: httpPort, routes: http, proofOf: gatewayProof },
    { name: 'admin port', port: portOf(adminUrl), routes: admin, proofOf: () => byAdmin },
    {
      name: 'HTTPS by signature',
      port: wssPort,
      ca: ca!,
      routes: overHttps,
      proofOf: () => signed('iotdata'),
    },
    {
      name: 'HTTPS by certificate',
      port: httpsPort,
      ca: ca!,
      routes: overHttps,
      proofOf: () => byCertificate,
      denied: ['/retainedMessage', '/retainedMessage/{topic+}'],
    },
    { name: 'page', port: portOf(page.url), routes: uiRoutes, proofOf: () => byCookie },
  ];
}

/** All that an attempt could have changed. */
async function whatIs(): Promise<unknown> {
  const sfn = new SFNClient({
    endpoint: aws.environment.AWS_ENDPOINT_URL!,
    region: 'us-east-1',
    credentials: keyIn(aws.environment),
  });
  const { executions } = await sfn.send(new ListExecutionsCommand({ stateMachineArn: aws.stateMachineArn }));
  sfn.destroy();
  const figures = makeLiveFiguresReader(readLiveSource(aws.environment)!);
  const files = await readdir(runsDirectory, { recursive: true });
  return {
    executions,
    files: files.filter((name) => !name.startsWith('.logs/')).sort(),
    settings: iotCore.faults.report().settings,
    published: ['MQTT', 'HTTP'].map(
      (Protocol) => iotCore.metrics.counter('PublishIn.Success', { Protocol }).total,
    ),
    connected: iotCore.metrics.counter('Connect.Success', { Protocol: 'MQTT' }).total,
    queued: iotCore.queue.depth.sent,
    live: await figures.totals('stolen'),
    started,
  };
}

describe('another user of this machine, and a page of another site', () => {
  it('are refused at every route of every HTTP listener, and change nothing', async () => {
    const before = await whatIs();
    for (const listener of listeners) {
      expect(listener.routes.length).toBeGreaterThan(2);
      expect(await findUnrefused(listener)).toEqual([]);
    }
    expect(await whatIs()).toEqual(before);
  });

  it('are refused at the WebSocket listener', async () => {
    const before = await whatIs();
    const { environment } = aws;
    const right = keyIn(environment);
    const url = (more: PresignOptions = {}) => presignedUrl(iotCore.wssPort, { ...right, ...more });
    const ca = await readFile(environment.IOT_CA_FILE!, 'utf8');
    const handshake = (at: string, headers: Record<string, string> = {}): Promise<number> =>
      new Promise((resolve, reject) => {
        const outgoing = request(at.replace('wss:', 'https:'), {
          ca,
          servername: 'localhost',
          agent: false,
          headers: {
            connection: 'Upgrade',
            upgrade: 'websocket',
            'sec-websocket-version': '13',
            'sec-websocket-key': randomBytes(16).toString('base64'),
            'sec-websocket-protocol': 'mqtt',
            ...headers,
          },
        });
        outgoing.on('upgrade', ({ statusCode = 0 }, socket) => {
          socket.destroy();
          resolve(statusCode);
        });
        outgoing.on('response', ({ statusCode = 0 }) => resolve(statusCode));
        outgoing.on('error', reject).end();
      });
    const good = await url();
    expect(await handshake(await url({ secretAccessKey: 'embedded' }))).toBe(403);
    expect(await handshake(good, { origin: 'https://evil.example' })).toBe(403);
    expect(await handshake(good, { 'sec-fetch-site': 'cross-site' })).toBe(403);
    const host = `evil.example:${iotCore.wssPort}`;
    expect(await handshake(await url({ host }), { host })).toBe(403);
    // Without a signature the authorizer decides, by the user name and password of the CONNECT.
    const unsigned = `wss://localhost:${iotCore.wssPort}/mqtt`;
    expect(await handshake(unsigned, { origin: 'https://evil.example' })).toBe(403);
    const client = mqtt.connect(unsigned, { ca, reconnectPeriod: 0, protocolVersion: 5, clientId: 'any' });
    const [{ message }] = (await once(client as unknown as EventEmitter, 'error')) as [Error];
    expect(message).toMatch(/Not authorized/);
    await client.endAsync(true);
    expect(await whatIs()).toEqual(before);
    expect(await handshake(good)).toBe(101);
  });

  it('does not find every route closed to its own user', async () => {
    for (const listener of listeners) expect(await findClosed(listener)).toEqual([]);
  });
});

it('finds a route that was added without a check', async () => {
  const table = makeRouteTable<() => string>({
    'GET /added/{name}': () => 'open',
    'POST /added': () => 'open',
  });
  const added = {
    routes: table.routes,
    maxBodyBytes: 1_024,
    renderError: renderJsonError,
    handle: async () => ({ status: 200, body: 'open' }),
  };
  const gateway = await startGateway({ accessKeys: [], signed: {}, unsigned: [['/added', added]] });
  try {
    const [controlPort] = listeners;
    const found = await findUnrefused({ ...controlPort!, port: gateway.port, routes: gateway.routes });
    expect(found).toEqual(
      ['GET /added/{name}', 'POST /added'].flatMap((route) =>
        ['no credentials', 'wrong credentials'].map((who) => `control port ${route}, ${who}: 200`),
      ),
    );
  } finally {
    await gateway.close();
  }
});
