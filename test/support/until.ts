import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach } from '@jest/globals';

interface Wait {
  readonly what: string;
  readonly spansTests: boolean;
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
  const wait: Wait = { what, spansTests: spanning.getStore() === true };
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

const spanning = new AsyncLocalStorage<true>();

/** Of what a hook begins and tests wait for later: its waits may go on from one test to the next. */
export function acrossTests<T>(begin: () => Promise<T>): Promise<T> {
  return spanning.run(true, begin);
}

/** What still waits when the test is over in which it began, or all tests are, has waited in vain. */
function failPending(among: readonly Wait[]): void {
  for (const wait of among) waits.delete(wait);
  if (among.length > 0)
    throw new Error(`waited in vain for ${among.map(({ what }) => what).join(', and for ')}`);
}
afterEach(() => failPending([...waits].filter(({ spansTests }) => !spansTests)));
afterAll(() => failPending([...waits]));
