import type { Control } from '../aws/control.ts';
import type { Announcement } from '../plan/actions/action.ts';
import { controlPollLostAfterMs, nextControlPollMs } from '../plan/poll-intervals.ts';
import type { CancelTimer, Clock } from '../shared/clock.ts';

export interface ControlPollSettings {
  readonly control: Pick<Control, 'read'>;
  readonly runId: string;
  /** Slices of the whole run: the more there are, the less often each polls. */
  readonly slices: number;
  readonly clock: Clock;
  /** 0–1 */
  readonly random: () => number;
  /** Called with each answer, so that the same action may come again. */
  onAction(announcement: Announcement): void;
  /** This slice can no longer be stopped from outside, for this reason. */
  onLost(reason: string): void;
}

/** Polls for the run's control message until closed, for slices without an MQTT connection. */
export function pollControl(settings: ControlPollSettings): {
  /** Resolves with the first answer, whatever it is. */
  readonly caughtUp: Promise<void>;
  close(): Promise<void>;
} {
  const { control, runId, slices, clock, random } = settings;
  const lostAfterMs = controlPollLostAfterMs(slices);
  let answeredAt = clock.now();
  let isPolling = false;
  const caughtUp = Promise.withResolvers<void>();
  let cancelTimer: CancelTimer = () => {};

  const poll = async (): Promise<void> => {
    isPolling = true;
    try {
      const announcement = await control.read(runId);
      answeredAt = clock.now();
      if (announcement !== undefined) settings.onAction(announcement);
    } catch {
      // One failed poll is ignored; failures for `lostAfterMs` report the channel as lost.
    } finally {
      isPolling = false;
      caughtUp.resolve();
    }
  };
  const tick = (): void => {
    if (clock.now() - answeredAt >= lostAfterMs) {
      settings.onLost(`the control channel was away for ${lostAfterMs / 1_000} s`);
      return;
    }
    // No second poll starts while one is pending; a pending poll counts as no answer.
    if (!isPolling) void poll();
    cancelTimer = clock.setTimer(nextControlPollMs(slices, random()), tick);
  };
  tick();

  return {
    caughtUp: caughtUp.promise,
    async close() {
      cancelTimer();
    },
  };
}
