import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { type LinePoint, parseLineProtocol } from '../../../src/embedded/influxdb/line-protocol.ts';
import type { InfluxUnderTest } from './influx-under-test.ts';

export interface MemoryInflux extends InfluxUnderTest {
  /** The next write is stored, but its answer is lost. */
  loseNextAnswer(): void;
  readonly writes: number;
}

/** InfluxDB's rule and no more: a point with the measurement, tags and timestamp of another replaces it. */
export async function startMemoryInflux(): Promise<MemoryInflux> {
  const points = new Map<string, LinePoint>();
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let port = 0;
  let losesAnswer = false;
  let writes = 0;

  const take = (text: string): void => {
    for (const point of parseLineProtocol(text)) {
      const identity = JSON.stringify([point.measurement, [...point.tags].sort(), String(point.timestamp)]);
      points.set(identity, point);
    }
  };

  const influx: MemoryInflux = {
    get server() {
      return { url: `http://127.0.0.1:${port}`, org: 'o', bucket: 'b', token: 't' };
    },
    get writes() {
      return writes;
    },
    loseNextAnswer() {
      losesAnswer = true;
    },
    async start() {
      server = createServer(async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const body = Buffer.concat(chunks);
        take((request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString());
        writes++;
        if (losesAnswer) request.socket.destroy();
        else response.writeHead(204).end();
        losesAnswer = false;
      });
      server.on('connection', (socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
      });
      await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
      port = (server.address() as AddressInfo).port;
    },
    async kill() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server?.close(resolve));
    },
    async sum(runId, measurement, field, latency) {
      let sum = 0;
      for (const point of points.values()) {
        if (point.measurement !== measurement || point.tags.get('run') !== runId) continue;
        if (latency !== undefined && point.tags.get('latency') !== latency) continue;
        sum += Number(point.fields.get(field) ?? 0);
      }
      return sum;
    },
    close: () => influx.kill(),
  };
  await influx.start();
  return influx;
}
