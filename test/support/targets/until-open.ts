import type { ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const startTimeoutMs = 60_000;

/** Waits until ports of a server on loopback take connections. @throws what its process wrote, where it ended before that */
export async function untilOpen(child: ChildProcess, ports: readonly number[]): Promise<void> {
  let written = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (written += chunk));
  const until = performance.now() + startTimeoutMs;
  for (const port of ports) {
    while (!(await isOpen(port))) {
      if (child.exitCode !== null || performance.now() > until)
        throw new Error(`the server did not start: ${written}`);
      await sleep(20);
    }
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
