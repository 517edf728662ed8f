import { type AddressInfo, createServer } from 'node:net';
import type { Target } from '../generator/load.ts';
import { treeUseOf } from '../process-tree.ts';

/** A broker in a process of its own, on loopback. */
export interface BenchBroker {
  readonly name: string;
  /** Plain TCP. */
  readonly tcp: Target;
  /** Mutual TLS, where it was started with certificates. */
  readonly mtls: Target | undefined;
  readonly pid: number;
  close(): Promise<void>;
}

/** User and system time so far. @throws where there is no /proc */
export function brokerCpuSeconds({ pid }: BenchBroker): number {
  const use = treeUseOf(pid);
  if (use === undefined) throw new Error("another process's CPU time is read from /proc, which is not there");
  return use.cpuSeconds;
}

/** A port that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => {
    server.close(closed);
  });
  return port;
}
