import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../../../../src/embedded/gateway/gateway.ts';
import type { GatewayService } from '../../../../src/embedded/gateway/gateway-service.ts';
import { renderJsonError } from '../../../../src/embedded/gateway/serve-request.ts';

const maxBodyBytes = 1_048_576;
/** What the kernel's buffers between two sockets may hold, with much to spare. */
const bufferedBytes = 24 * 1_048_576;
const sentBytes = 200 * 1_048_576;

let gateway: Gateway;
let held: number[];
beforeAll(async () => {
  held = [];
  const open: GatewayService = {
    routes: [],
    maxBodyBytes,
    renderError: renderJsonError,
    async handle({ body }) {
      held.push(body.length);
      return { status: 200, body: 'taken' };
    },
  };
  gateway = await startGateway({ accessKeys: [], signed: {}, unsigned: [['/open', open]] });
});
beforeEach(() => {
  held.length = 0;
});
afterAll(() => gateway.close());

interface Refusal {
  readonly status: number;
  /** Bytes of the body that went out until the server closed the connection. */
  readonly takenBytes: number;
}

/** Sends a body without an end, as fast as it is taken. */
function flood(path: string, headers: string, frame: (chunk: Buffer) => Buffer): Promise<Refusal> {
  const socket: Socket = connect(gateway.port, '127.0.0.1');
  const chunk = frame(Buffer.alloc(65_536, 'x'));
  let answer = '';
  const pump = (): void => {
    while (socket.bytesWritten < sentBytes && socket.writable) if (!socket.write(chunk)) return;
  };
  return new Promise((resolve) => {
    socket.on('connect', () => {
      socket.write(`POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${gateway.port}\r\n${headers}\r\n\r\n`);
      pump();
    });
    socket.on('drain', pump);
    socket.on('data', (bytes) => {
      answer += bytes.toString();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
      resolve({ status, takenBytes: socket.bytesWritten - socket.writableLength });
    });
  });
}

const declared = `content-length: ${sentBytes}`;
const asItIs = (chunk: Buffer): Buffer => chunk;
const chunked = (chunk: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]);

describe('a body that is too large', () => {
  it.each([
    ['whose length is declared', '/open', declared, asItIs, 413],
    ['that comes in chunks', '/open', 'transfer-encoding: chunked', chunked, 413],
    ['for a path that nothing answers', '/nothing', declared, asItIs, 403],
    ['for such a path, in chunks', '/nothing', 'transfer-encoding: chunked', chunked, 403],
    [
      'of a sender without a key',
      '/s3',
      `${declared}\r\nauthorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request`,
      asItIs,
      501,
    ],
  ])('%s is refused, and the rest of it not read', async (_what, path, headers, frame, status) => {
    const refusal = await flood(path, headers, frame);
    expect(refusal.status).toBe(status);
    expect(refusal.takenBytes).toBeLessThan(bufferedBytes);
    expect(held).toEqual([]);
  });

  it('leaves the port as it was', async () => {
    const answer = await fetch(`${gateway.url}/open`, { method: 'POST', body: Buffer.alloc(maxBodyBytes) });
    expect(await answer.text()).toBe('taken');
    expect(held).toEqual([maxBodyBytes]);
  });
});
