import type { Plan } from '../plan/plan.ts';
import type { Control } from './control.ts';

/**
 * Often enough that an HTTP slice stops within five seconds; seldom enough that 1,000 slices stay at half of the 500
 * GetRetainedMessage calls a second that AWS IoT Core allows an account.
 */
const pollEveryMs = 4_000;
const lostAfterMs = 30_000;

/** Asks for the run's control message until closed: slices without an MQTT connection have nothing to hear it by. */
export function pollControl(
  control: Pick<Control, 'read'>,
  { runId }: Pick<Plan, 'runId'>,
  stop: (reason: string) => void,
): { close(): Promise<void> } {
  let heardAt = performance.now();
  const poll = async (): Promise<void> => {
    try {
      const message = await control.read(runId);
      heardAt = performance.now();
      if (message !== undefined) stop(message.reason);
    } catch {
      // One lost poll is no reason; the same silence for long is.
      if (performance.now() - heardAt >= lostAfterMs)
        stop(`the control channel was away for ${lostAfterMs / 1_000} s`);
    }
  };
  let polling = poll();
  const timer = setInterval(() => {
    polling = polling.then(poll);
  }, pollEveryMs);
  return {
    async close() {
      clearInterval(timer);
      await polling;
    },
  };
}
