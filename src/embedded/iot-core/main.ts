import { StampedeError } from '../../shared/errors.ts';
import { surviveLostOutput, watchDescriptors } from '../process/child-process.ts';
import { wallClock } from './broker-clock.ts';
import { type IotCoreAddresses, type RunningIotCore, runIotCore } from './iot-core.ts';
import type { IotCoreSettings } from './settings.ts';

/** Messages after the start: notes for the user. */
export interface TroubleReport {
  readonly kind: 'trouble';
  readonly what: string;
}

/** The message that the process sends to its parent, once. */
export type StartReport =
  | { readonly kind: 'listening'; readonly addresses: IotCoreAddresses }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly hint: string | undefined;
    };

/** Time to send DISCONNECT to all clients. After that the process ends, whether they are sent or not. */
const closeTimeoutMs = 500;

/**
 * The process of the embedded IoT Core, so that the load and its target do not share an event loop. Its parent sends the
 * settings; when the parent hangs up, by closing or by dying, it ends.
 */
surviveLostOutput();
let running: RunningIotCore | undefined;

process.once('message', (settings: IotCoreSettings) => {
  runIotCore(settings, wallClock, logError).then((iotCore) => {
    running = iotCore;
    report({ kind: 'listening', addresses: iotCore.addresses });
    watchDescriptors('the embedded IoT Core', (what) => report({ kind: 'trouble', what }));
  }, reportFailure);
});

process.once('disconnect', () => {
  setTimeout(() => process.exit(), closeTimeoutMs);
  void running?.close().finally(() => process.exit());
});

// Ctrl-C reaches every process of the terminal; the parent decides when this one ends.
process.on('SIGINT', () => {});

function report(what: StartReport | TroubleReport): void {
  // With a callback, a parent that has ended is no unhandled error.
  if (process.connected) process.send?.(what, undefined, undefined, () => undefined);
}

function reportFailure(error: Error): void {
  const { code = 'StartFailed', hint } = error instanceof StampedeError ? error : {};
  report({ kind: 'failed', code, message: error.message, hint });
  process.disconnect();
}

function logError(error: unknown): void {
  console.error('embedded IoT Core:', error);
}
