import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach } from '@jest/globals';

interface Wait {
  readonly what: string;
}

const waits = new Set<Wait>();

/**
 * Waits for what happens in other processes, in sockets and files. It has no limit of its own, because a machine with much else to
 * do can stand still for seconds: when Jest's time-out ends the test or the hook, its failure names what was waited for.
 * @param isTrue looked at again and again; what it throws ends the wait
 * @param what for the failure; absent: the source text of `isTrue`
 */
export async function until(
  isTrue: () => boolean | Promise<boolean>,
  what = String(isTrue),
  everyMs = 2,
): Promise<void> {
  const wait: Wait = { what };
  waits.add(wait);
  try {
    while (!(await isTrue())) {
      await sleep(everyMs);
      if (!waits.has(wait)) throw new Error(`waited in vain for ${what}`);
    }
  } finally {
    waits.delete(wait);
  }
}

/** Waits for an HTTP server that answers at that address with success. */
export function untilHealthy(url: string): Promise<void> {
  const isHealthy = (): Promise<boolean> =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
  return until(isHealthy, `an answer of ${url}`, 50);
}

/** What still waits when a test is over, has waited in vain. */
function failPending(): void {
  const inVain = [...waits].map(({ what }) => what);
  waits.clear();
  if (inVain.length > 0) throw new Error(`waited in vain for ${inVain.join(', and for ')}`);
}
afterEach(failPending);
afterAll(failPending);
