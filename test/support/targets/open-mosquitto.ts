import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../influx/free-port.ts';
import { untilOpen } from './until-open.ts';

/** A Mosquitto that anyone on loopback may use, and that publishes its counts every second. */
export class OpenMosquitto {
  readonly port: number;
  readonly #config: string;
  #child: ChildProcess | undefined;

  private constructor(port: number, config: string) {
    this.port = port;
    this.#config = config;
  }

  /** @param lines of its configuration, such as `max_queued_messages 10` */
  static async start(...lines: readonly string[]): Promise<OpenMosquitto> {
    const port = await freePort();
    const config = path.join(await mkdtemp(path.join(tmpdir(), 'stampede-mosquitto-')), 'mosquitto.conf');
    const own = [
      'user root',
      'allow_anonymous true',
      'log_dest none',
      'sys_interval 1',
      `listener ${port} 127.0.0.1`,
    ];
    await writeFile(config, [...own, ...lines, ''].join('\n'));
    const broker = new OpenMosquitto(port, config);
    await broker.start();
    return broker;
  }

  /** Again, after `kill`. */
  async start(): Promise<void> {
    this.#child = spawn('mosquitto', ['-c', this.#config], { stdio: 'ignore' });
    await untilOpen(this.#child, [this.port]);
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  async end(): Promise<void> {
    this.kill();
    await rm(path.dirname(this.#config), { recursive: true });
  }
}
