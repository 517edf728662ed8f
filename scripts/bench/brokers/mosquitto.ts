import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchBroker, findFreePort } from './bench-broker.ts';
import type { Certificates } from './certificates.ts';

/** Debian puts it where only root looks. */
const places = [
  '/usr/sbin/mosquitto',
  '/usr/bin/mosquitto',
  '/usr/local/sbin/mosquitto',
  '/opt/homebrew/sbin/mosquitto',
];

export const mosquittoMissing = 'Mosquitto is not installed (apt-get install mosquitto)';

/** Mosquitto without persistence, logs or limits; undefined where it is not installed. */
export async function startMosquitto(certificates?: Certificates): Promise<BenchBroker | undefined> {
  const binary = places.find((place) => existsSync(place));
  if (binary === undefined) return undefined;
  const [port, tlsPort] = [await findFreePort(), await findFreePort()];
  const lines = [
    'per_listener_settings false',
    'allow_anonymous true',
    'log_dest none',
    'set_tcp_nodelay true',
    'max_inflight_messages 0',
    'max_queued_messages 0',
    `listener ${port} 127.0.0.1`,
  ];
  if (certificates !== undefined) {
    const { ca, serverCert, serverKey } = certificates.files;
    lines.push(
      `listener ${tlsPort} 127.0.0.1`,
      `cafile ${ca}`,
      `certfile ${serverCert}`,
      `keyfile ${serverKey}`,
      'require_certificate true',
    );
  }
  const file = join(mkdtempSync(join(tmpdir(), 'stampede-bench-')), 'mosquitto.conf');
  // By default it switches to a user that cannot read the certificates.
  if (process.getuid?.() === 0) lines.unshift('user root');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const child = spawn(binary, ['-c', file], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  await untilListening(port);
  return {
    name: 'Mosquitto',
    tcp: { host: '127.0.0.1', port },
    mtls: certificates && { host: '127.0.0.1', port: tlsPort, tls: certificates.device },
    pid: child.pid!,
    async close() {
      child.kill();
      await exited;
    },
  };
}

async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  throw new Error('Mosquitto does not listen');
}
