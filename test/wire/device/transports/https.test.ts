import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dataPlaneClientOf, makeControl } from '../../../../src/aws/control.ts';
import { makeHttpsTransport } from '../../../../src/device/transports/https.ts';
import {
  cleanUp,
  cleanUpLater,
  httpsSettingsOf,
  nameClients,
  type Opened,
  publishBy,
} from '../../../support/device/transports/open-transport.ts';
import { RecordingListener } from '../../../support/device/transports/recording-listener.ts';

interface Request {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers a publish with a status and, where it is an error, its type. Undefined: never. */
type Answer = { status: number; type?: string } | undefined;

let answer: (request: Request) => Answer;
const requests: Request[] = [];
let server: Server;
/** The environment leads to a port that nothing listens on. */
let dataUrl: string;

beforeEach(async () => {
  answer = () => ({ status: 200 });
  requests.length = 0;
  server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const request = { url: incoming.url!, headers: incoming.headers, body: Buffer.concat(chunks).toString() };
    requests.push(request);
    const given = answer(request);
    if (given === undefined) return;
    response.writeHead(given.status, given.type === undefined ? {} : { 'x-amzn-ErrorType': given.type });
    response.end(JSON.stringify({ message: given.type ?? 'OK' }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUpLater(async () => {
    server.closeAllConnections();
    server.close();
  });
  dataUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env.AWS_ENDPOINT_URL_IOT_DATA_PLANE = 'http://127.0.0.1:1';
  process.env.AWS_REGION = 'us-east-1';
  process.env.AWS_ACCESS_KEY_ID = 'test';
  process.env.AWS_SECRET_ACCESS_KEY = 'test';
});
afterEach(cleanUp);

function open(devices = 1): Opened {
  const listener = new RecordingListener();
  const transport = makeHttpsTransport(httpsSettingsOf(dataUrl))(listener, nameClients(devices));
  cleanUpLater(() => transport.close());
  return { listener, transport, publish: publishBy(transport) };
}

describe('https', () => {
  it('publishes to the data plane as each device, from a buffer that is written over', async () => {
    const { listener, transport, publish } = open(3);
    for (const device of [0, 1, 2]) transport.connect(device);
    await listener.until('connected', 3);
    const payload = Buffer.alloc(3);
    for (let n = 0; n < 30; n++) {
      payload.write(String(n).padStart(3));
      publish(n % 3, n, payload);
    }
    await listener.until('acknowledged', 30);
    expect(
      requests.map(({ url, body }) => [url, Number(body)]).sort(([, a], [, b]) => Number(a) - Number(b)),
    ).toEqual(Array.from({ length: 30 }, (_, n) => [`/topics/t%2Fd${n % 3}?qos=1`, n]));
    expect(requests[0]!.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 .*\/us-east-1\//);
    expect(
      listener
        .of('acknowledged')
        .map(([, n]) => n)
        .sort((a, b) => Number(a) - Number(b)),
    ).toEqual(Array.from({ length: 30 }, (_, n) => n));
  });

  it('publishes to the endpoint of the plan, not to that of the environment', async () => {
    const { listener, publish } = open();
    publish(0, 0, Buffer.from('x'));
    await listener.until('acknowledged');
    expect(requests.map(({ headers }) => headers.host)).toEqual([new URL(dataUrl).host]);
  });

  it('has its control messages at the endpoint of the plan as well', async () => {
    const client = dataPlaneClientOf(dataUrl, { maxAttempts: 1 });
    cleanUpLater(async () => client.destroy());
    await makeControl(client).clear('run-1');
    expect(requests.map(({ url, headers }) => [headers.host, url])).toEqual([
      [new URL(dataUrl).host, '/topics/stampede-control%2Frun-1?qos=1&retain=true'],
    ]);
  });

  it('sends each message once, and distinguishes a throttle from a failure', async () => {
    const answers: Answer[] = [
      { status: 429, type: 'ThrottlingException' },
      { status: 403, type: 'ForbiddenException' },
      { status: 500, type: 'InternalFailureException' },
    ];
    answer = ({ body }) => answers[Number(body)];
    const { listener, publish } = open();
    for (let n = 0; n < 3; n++) publish(0, n, Buffer.from(String(n)));
    const refused = await listener.until('refused', 3);
    expect(refused.sort(([, a], [, b]) => Number(a) - Number(b))).toEqual([
      [0, 0, 'throttled', 'ThrottlingException'],
      [0, 1, 'failed', 'ForbiddenException'],
      [0, 2, 'failed', 'InternalFailureException'],
    ]);
    expect(requests.length).toBe(3);
  });

  it('says what it does not offer', () => {
    const { transport } = open();
    expect(() => transport.subscribe(0, 't', 0)).toThrow('the transport https has no subscriptions');
    expect(() => transport.disconnect(0, 'clean')).toThrow(
      'the transport https has no connections that last',
    );
  });

  it('sends each message on its own topic, with its own quality of service and retain flag', async () => {
    const { listener, transport } = open();
    const payload = Buffer.from('x');
    transport.send(0, { token: 1, topic: 'a/b', payload, qos: 0, retain: false });
    await listener.until('acknowledged');
    transport.send(0, { token: 2, topic: 'c', payload, qos: 1, retain: true });
    await listener.until('acknowledged', 2);
    expect(requests.map(({ url }) => url)).toEqual(['/topics/a%2Fb?qos=0', '/topics/c?qos=1&retain=true']);
  });

  it('reports an endpoint that does not answer', async () => {
    server.close();
    await once(server, 'close');
    const { listener, publish } = open();
    publish(0, 0, Buffer.from('x'));
    expect(await listener.until('openFailed')).toEqual([[0, 'ECONNREFUSED']]);
    expect(await listener.until('notSent')).toEqual([[0, 0]]);
  });

  it('ends at once, even with messages in flight, and reports nothing after that', async () => {
    answer = () => undefined;
    const { listener, transport, publish } = open(2);
    publish(0, 0, Buffer.from('x'));
    while (requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    transport.connect(1);
    await transport.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(listener.events.map(([name]) => name)).toEqual(['opened', 'left']);
  });
});
