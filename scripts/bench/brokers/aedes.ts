import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BenchBroker } from './bench-broker.ts';

export async function startAedes(): Promise<BenchBroker> {
  const child = fork(fileURLToPath(new URL('./aedes-process.ts', import.meta.url)), [], { execArgv: [] });
  const exited = once(child, 'exit');
  const [port] = (await once(child, 'message')) as [number];
  return {
    name: 'aedes',
    tcp: { host: '127.0.0.1', port },
    mtls: undefined,
    pid: child.pid!,
    async close() {
      child.disconnect();
      await exited;
    },
  };
}
