import { type ControlMessage, parseControlMessage } from '../plan/control-message.ts';
import { controlTopicOf, type Plan } from '../plan/plan.ts';
import { controlKeepAliveMs, controlLostAfterMs } from '../plan/poll-intervals.ts';
import type { CancelTimer, Clock } from '../shared/clock.ts';
import type { MakeTransport } from './transport.ts';

export interface ControlChannelSettings {
  readonly runId: string;
  readonly slice: number;
  readonly transport: MakeTransport;
  readonly clock: Clock;
  onMessage(message: ControlMessage): void;
  /** This slice can no longer be stopped from outside, for this reason. Called once. */
  onLost(reason: string): void;
}

export interface ControlChannel {
  /** Resolves once a stop sent before the channel was open must have been received. */
  readonly caughtUp: Promise<void>;
  /** Times it connected so far: the service counts them beside those of devices. */
  connects(): number;
  close(): Promise<void>;
}

const reconnectAfterMs = 1_000;
/** From the connection to the retained message: a SUBSCRIBE and what follows its SUBACK, two or three round trips. */
const retainedWithinMs = 250;

/** The plan as the control channel's client connects by it: quiet for minutes, it still notices a dead connection. */
export function withControlKeepAlive(plan: Plan): Plan {
  const connect = { ...plan.profile.connect, keepAliveMs: controlKeepAliveMs, cleanStart: true };
  return { ...plan, profile: { ...plan.profile, connect } };
}

/**
 * Subscribes to the run's control topic over MQTT: one more client beside the slice's devices, through the same transport and
 * the same endpoint, so it is authorized as they are. To the transport it is a device that subscribes to its own topic
 * and never publishes.
 */
export function openControlChannel(settings: ControlChannelSettings): ControlChannel {
  const { runId, slice, clock } = settings;
  let cancelTimer: CancelTimer = () => {};
  let awaySince = clock.now();
  let lost = false;
  let connects = 0;
  const caughtUp = Promise.withResolvers<void>();

  const lose = (reason: string): void => {
    if (!lost) settings.onLost(reason);
    lost = true;
    caughtUp.resolve();
  };
  const retry = (): void => {
    if (clock.now() - awaySince < controlLostAfterMs) {
      cancelTimer = clock.setTimer(reconnectAfterMs, () => transport.connect(0));
    } else {
      lose(`the control channel was away for ${controlLostAfterMs / 1_000} s`);
    }
  };

  const transport = settings.transport(
    {
      connected() {
        connects++;
        awaySince = Number.POSITIVE_INFINITY;
        cancelTimer = clock.setTimer(retainedWithinMs, caughtUp.resolve);
      },
      connectFailed: retry,
      disconnected() {
        awaySince = clock.now();
        retry();
      },
      echoed(_device, payload) {
        const message = parseControlMessage(payload.toString('utf8'), clock.now());
        if (message === undefined) return;
        settings.onMessage(message);
        caughtUp.resolve();
      },
      // Connected without the subscription. Retrying is useless: permissions do not change within a run.
      echoRefused: (_device, reason) => lose(`the control topic was refused: ${reason}`),
      acknowledged() {},
      refused() {},
      writable() {},
    },
    {
      count: 1,
      clientId: () => `stampede-${runId}-control-${slice}`,
      topic: () => controlTopicOf(runId),
      echoes: () => true,
    },
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
