import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type InfluxWriter, makeInfluxWriter } from '../../../src/aws/influx-writer.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

let server: Server;
let sockets: Socket[];
let bodies: { readonly url: string; readonly encoding: string | undefined; readonly text: string }[];
let answer: Answer;
let writer: InfluxWriter;
let nowMs: number;

beforeEach(async () => {
  sockets = [];
  bodies = [];
  nowMs = 0;
  answer = (_request, response) => response.writeHead(204).end();
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const encoding = request.headers['content-encoding'];
    const text = (encoding === 'gzip' ? gunzipSync(body) : body).toString();
    bodies.push({ url: request.url ?? '', encoding, text });
    answer(request, response, text);
  });
  server.on('connection', (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const settings = { org: 'o', bucket: 'b', token: { value: 't' } };
  writer = makeInfluxWriter({ ...settings, url: `http://127.0.0.1:${port}` }, () => nowMs);
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

const json =
  (status: number, body: object): Answer =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

describe('the way into InfluxDB', () => {
  it('is one request a post, packed, in nanoseconds', async () => {
    const lines = Array.from({ length: 2_000 }, (_, i) => `m,t=x f=${i}i ${i}`);
    expect(await writer.post(lines)).toBe('taken');
    expect(bodies).toEqual([
      { url: '/api/v2/write?org=o&bucket=b&precision=ns', encoding: 'gzip', text: lines.join('\n') },
    ]);
    expect(writer.isUnavailable).toBe(false);
  });

  it.each([400, 413, 422])('is closed for good to what is answered with %i', async (status) => {
    answer = json(status, { code: 'invalid', message: 'field type conflict' });
    expect(await writer.post(['m f=1'])).toBe('refused');
    expect(writer.lastError).toBe('field type conflict');
    expect(writer.isUnavailable).toBe(false);
  });

  it.each([401, 404, 429, 500, 503])(
    'is closed for a while after %i, and for longer each time',
    async (status) => {
      answer = json(status, { message: 'not now' });
      const pausesMs: number[] = [];
      for (let failure = 0; failure < 6; failure++) {
        expect(await writer.post(['m f=1'])).toBe('unavailable');
        const from = nowMs;
        while (writer.isUnavailable) nowMs += 100;
        pausesMs.push(nowMs - from);
      }
      expect(pausesMs).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
      answer = (_request, response) => response.writeHead(204).end();
      expect(await writer.post(['m f=1'])).toBe('taken');
    },
  );

  it('is away where nothing listens', async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    expect(await writer.post(['m f=1'])).toBe('unavailable');
    expect(writer.lastError).toMatch(/ECONNREFUSED/);
  });

  it('is away when it does not answer, after two seconds', async () => {
    answer = () => undefined;
    const startedAt = performance.now();
    expect(await writer.post(['m f=1'])).toBe('unavailable');
    expect(performance.now() - startedAt).toBeGreaterThan(1_900);
  });

  it('survives a connection that was kept and is gone', async () => {
    let cut = true;
    answer = (request, response) => {
      if (cut) request.socket.resetAndDestroy();
      else response.writeHead(204).end();
      cut = false;
    };
    expect(await writer.post(['m f=1'])).toBe('taken');
    expect(bodies).toHaveLength(2);
  });
});
