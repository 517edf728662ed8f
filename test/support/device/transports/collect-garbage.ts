import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * aws-crt's native clients hold the process open until they are garbage collected, also after they were closed: a test
 * file that used them collects at its end, or Jest waits for the next collection to come by itself.
 */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // Native threads continue to close connections, and notify the event loop when they are done.
  for (let turn = 0; turn < 20; turn++) {
    await nextTurn();
    if (turn % 5 === 4) collect();
  }
}
