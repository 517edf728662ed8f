import { type Announcement, parseAnnouncement } from '../plan/actions/action.ts';
import { controlTopicOf } from '../plan/plan.ts';
import { controlKeepAliveMs, controlLostAfterMs } from '../plan/poll-intervals.ts';
import type { LoadProfile } from '../profile/load-profile.ts';
import { withOwnSession } from '../profile/own-session.ts';
import type { CancelTimer, Clock } from '../shared/clock.ts';
import type { MakeTransport } from './transport.ts';
import { isLastingRefusal } from './transports/reason-codes.ts';

export interface ControlChannelSettings {
  readonly runId: string;
  readonly slice: number;
  readonly transport: MakeTransport;
  readonly clock: Clock;
  onAction(announcement: Announcement): void;
  /** This slice can no longer be stopped from outside, for this reason. Called once. */
  onLost(reason: string): void;
}

export interface ControlChannel {
  /** Resolves once what was announced last before the channel was open must have been received. */
  readonly caughtUp: Promise<void>;
  /** Times it connected so far: the service counts them beside those of devices. */
  connects(): number;
  close(): Promise<void>;
}

const retryAfterMs = 1_000;
/** From the SUBSCRIBE to the retained message, at least: its SUBACK and what follows that, two or three round trips. */
const retainedWithinMs = 250;
/** A SUBSCRIBE without a SUBACK for so long is repeated: until one comes, no stop is received. */
const subackWithinMs = 5_000;

/**
 * The profile as the control channel's client connects by it: quiet for minutes, it still notices a dead connection.
 * @param isAtTarget whether control messages are where devices connect; elsewhere the credentials are not theirs
 */
export function controlProfileOf(profile: LoadProfile, isAtTarget: boolean): LoadProfile {
  const own = { ...withOwnSession(profile.connect, true), keepAliveMs: controlKeepAliveMs };
  const { protocol, client, ratePerSecond, timeoutMs, keepAliveMs, cleanStart } = own;
  const connect = isAtTarget ? own : { protocol, client, ratePerSecond, timeoutMs, keepAliveMs, cleanStart };
  return { ...profile, connect };
}

/**
 * Subscribes to the run's control topic over MQTT: one more client beside the slice's devices, through the same transport and,
 * where the target is the account's IoT Core, the same endpoint, so it is authorized as they are.
 */
export function openControlChannel(settings: ControlChannelSettings): ControlChannel {
  const { runId, slice, clock } = settings;
  let cancelTimer: CancelTimer = () => {};
  /** Since when a stop would not be received; infinite while it would. */
  let closedSince = clock.now();
  let subscribeAt = closedSince;
  let lost = false;
  let connects = 0;
  const caughtUp = Promise.withResolvers<void>();

  const lose = (reason: string): void => {
    if (!lost) settings.onLost(reason);
    lost = true;
    caughtUp.resolve();
  };
  const retry = (again: () => void): void => {
    if (clock.now() - closedSince < controlLostAfterMs) cancelTimer = clock.setTimer(retryAfterMs, again);
    else lose(`the control channel was away for ${controlLostAfterMs / 1_000} s`);
  };
  const connect = (): void => transport.connect(0);
  const subscribe = (): void => {
    transport.subscribe(0, controlTopicOf(runId), 0);
    subscribeAt = clock.now();
    cancelTimer = clock.setTimer(subackWithinMs, () => retry(subscribe));
  };

  const transport = settings.transport(
    {
      connected() {
        connects++;
        subscribe();
      },
      connectFailed: () => retry(connect),
      disconnected() {
        cancelTimer();
        closedSince = Math.min(closedSince, clock.now());
        retry(connect);
      },
      received(_device, { payload }) {
        const announcement = parseAnnouncement(payload.toString('utf8'), clock.now());
        if (announcement === undefined) return;
        settings.onAction(announcement);
        caughtUp.resolve();
      },
      // Connected without the subscription. Permissions do not change within a run; a quota is free again soon.
      subscribeRefused(_device, _filter, reason) {
        cancelTimer();
        if (isLastingRefusal(reason)) {
          lose(`the control topic was refused: ${reason}`);
          return;
        }
        retry(subscribe);
      },
      subscribed() {
        cancelTimer();
        closedSince = Number.POSITIVE_INFINITY;
        const tookMs = clock.now() - subscribeAt;
        cancelTimer = clock.setTimer(Math.max(retainedWithinMs - tookMs, tookMs), caughtUp.resolve);
      },
      acknowledged() {},
      refused() {},
      writable() {},
    },
    { count: 1, clientId: () => `stampede-${runId}-control-${slice}` },
  );
  transport.connect(0);

  return {
    caughtUp: caughtUp.promise,
    connects: () => connects,
    async close() {
      cancelTimer();
      await transport.close();
    },
  };
}
