import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../influx/free-port.ts';
import { until } from '../until.ts';
import { type TargetFiles, writeTargetCertificates } from './target-certificates.ts';

export const isMosquittoInstalled = spawnSync('mosquitto', ['-h']).error === undefined;
if (!isMosquittoInstalled) console.warn('skipped: mosquitto is not installed (apt-get install mosquitto)');

/** A Mosquitto with a listener that asks for passwords, one for client certificates, one over WebSocket, one whose certificate expired. */
export interface MosquittoTarget {
  readonly directory: string;
  readonly ports: Readonly<Record<'password' | 'mutual' | 'webSocket' | 'expired', number>>;
  readonly files: TargetFiles;
  close(): Promise<void>;
}

/** User names `u-d0` … with passwords `pw-d0` …, and `all` with `secret-42`. */
export async function startMosquittoTarget(devices: number): Promise<MosquittoTarget> {
  const directory = mkdtempSync(path.join(tmpdir(), 'stampede-target-'));
  // Mosquitto gives up root, and still has to read its files.
  chmodSync(directory, 0o755);
  const write = (name: string, text: string): string => {
    const file = path.join(directory, name);
    writeFileSync(file, text, { mode: 0o644 });
    return file;
  };
  const files = await writeTargetCertificates(directory, devices);
  const passwords = write('passwords', '');
  const users = [['all', 'secret-42'], ...Array.from({ length: devices }, (_, i) => [`u-d${i}`, `pw-d${i}`])];
  for (const [user, password] of users) spawnSync('mosquitto_passwd', ['-b', passwords, user!, password!]);
  chmodSync(passwords, 0o644);
  const ports = {
    password: await freePort(),
    mutual: await freePort(),
    webSocket: await freePort(),
    expired: await freePort(),
  };
  const tls = (server: string) =>
    `cafile ${files.ca}\ncertfile ${path.join(directory, `${server}.pem`)}\nkeyfile ${path.join(directory, `${server}.key`)}\n`;
  const config = write(
    'mosquitto.conf',
    `per_listener_settings true
listener ${ports.password} 127.0.0.1
allow_anonymous false
password_file ${passwords}
listener ${ports.mutual} 127.0.0.1
allow_anonymous true
${tls('server')}require_certificate true
listener ${ports.webSocket} 127.0.0.1
protocol websockets
allow_anonymous true
listener ${ports.expired} 127.0.0.1
allow_anonymous true
${tls('expired')}`,
  );
  const child = spawn('mosquitto', ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  await untilRunning(child);
  return {
    directory,
    ports,
    files,
    async close() {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function untilRunning(child: ChildProcess): Promise<void> {
  let log = '';
  child.stderr?.on('data', (chunk) => {
    log += chunk;
  });
  const isRunning = (): boolean => {
    if (child.exitCode !== null) throw new Error(`mosquitto did not start:\n${log}`);
    return log.includes('running');
  };
  await until(isRunning, 'a Mosquitto that runs', 20);
}
