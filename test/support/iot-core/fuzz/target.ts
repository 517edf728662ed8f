import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { StartIotCoreOptions } from '../../../../src/embedded/iot-core/start-iot-core.ts';
import type { TargetRequest, TargetState } from './target.fixture.ts';

/** An embedded IoT Core in a process of its own, to be looked into. */
export interface Target extends Pick<TargetState, 'mqttPort' | 'httpPort' | 'adminUrl' | 'adminToken'> {
  state(): Promise<TargetState>;
  leap(ms: number): Promise<TargetState>;
  /** Undefined while it runs. */
  exitCode(): number | string | undefined;
  close(): Promise<void>;
}

export async function startTarget(options: StartIotCoreOptions): Promise<Target> {
  const child = fork(fileURLToPath(new URL('./target.fixture.ts', import.meta.url)), [], {
    // V8 throws away code that has not run for a while, which would look like memory got back.
    execArgv: ['--expose-gc', '--no-flush-bytecode', '--disable-warning=ExperimentalWarning'],
  });
  let exit: number | string | undefined;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      exit = signal ?? code ?? 'gone';
      resolve();
    });
  });
  const ask = async (request: TargetRequest): Promise<TargetState> => {
    child.send(request);
    const [state] = await Promise.race([
      once(child, 'message'),
      exited.then(() => {
        throw new Error(`the embedded IoT Core ended: ${exit}`);
      }),
    ]);
    return state as TargetState;
  };
  const { mqttPort, httpPort, adminUrl, adminToken } = await ask({ kind: 'start', options });
  return {
    mqttPort,
    httpPort,
    adminUrl,
    adminToken,
    state: () => ask({ kind: 'state' }),
    leap: (ms) => ask({ kind: 'leap', ms }),
    exitCode: () => exit,
    async close() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
