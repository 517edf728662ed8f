import type { Control } from '../aws/control.ts';
import type { ControlMessage } from '../plan/control-message.ts';
import { controlPollLostAfterMs, nextControlPollMs } from '../plan/poll-intervals.ts';
import type { CancelTimer, Clock } from '../shared/clock.ts';

export interface ControlPollSettings {
  readonly control: Pick<Control, 'read'>;
  readonly runId: string;
  /** Of the whole run: the more there are, the more seldom each asks. */
  readonly slices: number;
  readonly clock: Clock;
  /** 0–1 */
  readonly random: () => number;
  onMessage(message: ControlMessage): void;
  /** Nobody can stop this slice any more, and why. */
  onLost(reason: string): void;
}

/** Asks for the run's control message until closed: slices without an MQTT connection have nothing to hear it by. */
export function pollControl(settings: ControlPollSettings): {
  /** Resolves with the first answer, whatever it is. */
  readonly heard: Promise<void>;
  close(): Promise<void>;
} {
  const { control, runId, slices, clock, random } = settings;
  const lostAfterMs = controlPollLostAfterMs(slices);
  let heardAt = clock.now();
  let isAsking = false;
  const heard = Promise.withResolvers<void>();
  let cancelTimer: CancelTimer = () => {};

  const ask = async (): Promise<void> => {
    isAsking = true;
    try {
      const message = await control.read(runId);
      heardAt = clock.now();
      if (message !== undefined) settings.onMessage(message);
    } catch {
      // One lost answer is no reason; the same silence for long is.
    } finally {
      isAsking = false;
      heard.resolve();
    }
  };
  const tick = (): void => {
    if (clock.now() - heardAt >= lostAfterMs) {
      settings.onLost(`the control channel was away for ${lostAfterMs / 1_000} s`);
      return;
    }
    // A question that hangs is not asked twice, and counts as silence.
    if (!isAsking) void ask();
    cancelTimer = clock.setTimer(nextControlPollMs(slices, random()), tick);
  };
  tick();

  return {
    heard: heard.promise,
    async close() {
      cancelTimer();
    },
  };
}
