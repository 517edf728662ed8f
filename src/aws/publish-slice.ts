import { makeSystemClock } from '../device/clock.ts';
import { runSlice } from '../device/slice-runner.ts';
import type { MakeTransport } from '../device/transport.ts';
import type { ControlMessage } from '../plan/control-message.ts';
import type { Plan } from '../plan/plan.ts';
import type { LiveView } from './influx.ts';
import type { RunStore } from './run-store.ts';

/** What the state machine hands to a publishing function. */
export interface SliceRequest {
  readonly runId: string;
  readonly slice: number;
}

/** What the two publishing functions share, and what sets them apart. */
export interface SliceWorld {
  readonly store: RunStore;
  readonly liveView: LiveView;
  makeTransport(plan: Plan): Promise<MakeTransport>;
  /** Listens for the run's stop message until closed. */
  openControl(plan: Plan, slice: number, hearing: ControlHearing): Promise<Openable>;
}

/** What a slice hears of its run, or no longer hears. */
export interface ControlHearing {
  onMessage(message: ControlMessage): void;
  /** Nobody can stop the slice any more, and why: it stops by itself. */
  onLost(reason: string): void;
}

interface Openable {
  close(): Promise<void>;
}

/**
 * One invocation: reads the plan, runs its slice of devices, stores what they did. Returns next to nothing, because the
 * children's results of a Map must together fit a state's 256 KiB.
 */
export async function publishSlice(
  { runId, slice }: SliceRequest,
  world: SliceWorld,
): Promise<{ slice: number }> {
  const { store, liveView } = world;
  const plan = await store.getPlan(runId);
  const transport = await world.makeTransport(plan);
  const stop = new AbortController();
  const told: { stoppedOn?: ControlMessage } = {};
  const view = liveView.openSlice(plan, slice);
  const control = await world.openControl(plan, slice, {
    onMessage(message) {
      if (!stop.signal.aborted) told.stoppedOn = message;
      stop.abort(message.reason);
    },
    onLost: (reason) => stop.abort(reason),
  });
  try {
    const result = await runSlice({
      plan,
      slice,
      transport,
      clock: makeSystemClock(),
      random: Math.random,
      stop: stop.signal,
      onSnapshot: (snapshot) => view.tell(snapshot),
      onCheckpoint: (checkpoint) => store.putSliceResult(checkpoint),
    });
    await store.putSliceResult(result.outcome === 'stopped' ? { ...result, ...told } : result);
  } finally {
    await Promise.all([control.close(), view.close()]);
  }
  return { slice };
}
