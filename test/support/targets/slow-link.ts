import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A port on loopback from which clients of a broker receive no faster than a rate, each connection on its own. */
export interface SlowLink {
  readonly port: number;
  close(): Promise<void>;
}

/** How often bytes are passed on, and how many milliseconds of the rate at once at most. */
const everyMs = 5;
const mostAtOnceMs = 100;

/** What is not passed on stays in the socket of the broker, and what that has no room for stays in the broker. */
export async function startSlowLink(brokerPort: number, bytesPerSecond: number): Promise<SlowLink> {
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const broker = connect({ port: brokerPort, host: '127.0.0.1', noDelay: true });
    client.pipe(broker);
    // With a listener, the socket reads no more than its buffer holds.
    broker.on('readable', () => undefined);
    let allowed = 0;
    let lastMs = performance.now();
    const timer = setInterval(() => {
      const nowMs = performance.now();
      allowed = Math.min(
        (bytesPerSecond * mostAtOnceMs) / 1_000,
        allowed + (bytesPerSecond * (nowMs - lastMs)) / 1_000,
      );
      lastMs = nowMs;
      const bytes = Math.min(broker.readableLength, Math.floor(allowed));
      if (bytes === 0) return;
      allowed -= bytes;
      client.write(broker.read(bytes) as Buffer);
    }, everyMs);
    const end = (): void => {
      clearInterval(timer);
      open.delete(client);
      client.destroy();
      broker.destroy();
    };
    open.add(client);
    for (const socket of [client, broker]) socket.on('error', end).on('close', end);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const client of open) client.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
