import { setImmediate as turn } from 'node:timers/promises';
import { type RunningIotCore, runIotCore } from '../../../../src/embedded/iot-core/iot-core.ts';
import { Connection } from '../../../../src/embedded/iot-core/mqtt/connection.ts';
import {
  iotCoreSettingsOf,
  type StartIotCoreOptions,
} from '../../../../src/embedded/iot-core/start-iot-core.ts';

/** What the parent asks of the process. */
export type TargetRequest =
  | { readonly kind: 'start'; readonly options: StartIotCoreOptions }
  /** Lets that much time pass at once, for the broker. */
  | { readonly kind: 'leap'; readonly ms: number }
  | { readonly kind: 'state' };

export interface TargetState {
  readonly mqttPort: number;
  readonly httpPort: number;
  readonly adminUrl: string;
  readonly adminToken: string;
  /** Whole packets that the broker was handed. */
  readonly frames: number;
  /** Defects of the broker's, each with its stack. */
  readonly errors: readonly string[];
  /** After garbage collection: objects, and buffers outside the heap. */
  readonly heapBytes: number;
}

/** An embedded IoT Core in a process of its own that reports its memory. Run with `--expose-gc`. */
let iotCore: RunningIotCore | undefined;
let leaptMs = 0;
let frames = 0;
const errors: string[] = [];

const dispatch = Connection.prototype.onFrame;
Connection.prototype.onFrame = function onFrame(...frame) {
  frames++;
  dispatch.apply(this, frame);
};

process.on('uncaughtException', (error) => errors.push(`uncaught: ${error.stack}`));
process.on('message', async (request: TargetRequest) => {
  if (request.kind === 'leap') leaptMs += request.ms;
  if (request.kind === 'start') {
    const clock = {
      now: () => Date.now() + leaptMs,
      setTimer(delayMs: number, fn: () => void) {
        const timer = setTimeout(fn, delayMs);
        return () => clearTimeout(timer);
      },
    };
    iotCore = await runIotCore(
      iotCoreSettingsOf(request.options),
      clock,
      (error) => errors.push(error instanceof Error ? `${error.stack}` : String(error)),
      async () => ({ kind: 'returned', payload: '{"batchItemFailures":[]}' }),
    );
  }
  // What a first collection finds dead, and has finalizers, the second takes.
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await turn();
  }
  process.send?.(stateOf(iotCore!));
});
process.once('disconnect', () => process.exit());

function stateOf({ mqttPort, httpPort, adminUrl, adminToken }: RunningIotCore): TargetState {
  const { heapUsed, external } = process.memoryUsage();
  return { mqttPort, httpPort, adminUrl, adminToken, frames, errors, heapBytes: heapUsed + external };
}
