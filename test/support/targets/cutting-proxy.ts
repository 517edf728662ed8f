import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A broker's port at which the connection of one client can be cut. */
export interface CuttingProxy {
  readonly port: number;
  /**
   * Cuts the connections of clients whose CONNECT holds this text, such as a part of their id, and refuses them for a while.
   * @returns how many were cut
   */
  cut(text: string, awayMs: number): number;
  close(): Promise<void>;
}

/** On loopback, before the broker's own port there. */
export async function startCuttingProxy(brokerPort: number): Promise<CuttingProxy> {
  const clients = new Map<Socket, Buffer>();
  const refused: { text: string; until: number }[] = [];
  const server = createServer((client) => {
    client.on('error', () => undefined);
    client.once('data', (head) => {
      // The broker must see nothing of it: a CONNECT resumes a session there, also on a connection that is gone.
      if (refused.some(({ text, until }) => performance.now() < until && head.includes(text))) {
        client.resetAndDestroy();
        return;
      }
      const broker = connect(brokerPort, '127.0.0.1').on('error', () => undefined);
      clients.set(client, head);
      client.on('close', () => {
        clients.delete(client);
        broker.destroy();
      });
      broker.on('close', () => client.destroy());
      broker.write(head);
      client.pipe(broker).pipe(client);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cut(text, awayMs) {
      refused.push({ text, until: performance.now() + awayMs });
      const those = [...clients].filter(([, head]) => head.includes(text));
      for (const [client] of those) client.resetAndDestroy();
      return those.length;
    },
    async close() {
      for (const client of clients.keys()) client.destroy();
      server.close();
    },
  };
}
