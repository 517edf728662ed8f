import type { ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import { until } from '../until.ts';

/** Waits until ports of a server on loopback take connections. @throws what its process wrote, where it ended before that */
export async function untilOpen(child: ChildProcess, ports: readonly number[]): Promise<void> {
  let written = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (written += chunk));
  for (const port of ports) {
    const isUp = (): Promise<boolean> => {
      if (child.exitCode !== null) throw new Error(`the server did not start: ${written}`);
      return isOpen(port);
    };
    await until(isUp, `port ${port} of a server`, 20);
  }
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  const open = await promise;
  socket.destroy();
  return open;
}
