import type { SliceSnapshot } from '../live/live-slice.ts';
import type { SliceResult } from '../measure/slice-result.ts';
import type { Plan } from '../plan/plan.ts';
import type { Clock } from '../shared/clock.ts';
import type { Random } from '../shared/random.ts';
import type { DeviceActions } from './device-actions.ts';
import type { SliceNetwork } from './network/shaping/slice-network.ts';
import type { OwnPayloads } from './slice-streams.ts';
import type { StopSignal } from './stop-signal.ts';
import type { MakeTransport } from './transport.ts';

/** A slice to be run, and who learns of it. */
export interface SliceRun {
  readonly plan: Plan;
  readonly slice: number;
  readonly leg?: number;
  readonly transport: MakeTransport;
  readonly clock: Clock;
  /** For reconnect delays. */
  readonly random: Random;
  /** The record so far. The next one waits until this one is stored; a failure to store it is passed over. */
  readonly onCheckpoint: (result: SliceResult) => Promise<void>;
  /** The live view. */
  readonly onSnapshot: (snapshot: SliceSnapshot) => void;
  /** Ends the slice within a second. */
  readonly stop: StopSignal;
  /** What else may happen to its devices while it runs. */
  readonly actions?: DeviceActions;
  /** Between its devices and the target; absent: nothing is done to what they send and receive. */
  readonly network?: SliceNetwork;
  readonly ownPayloads?: OwnPayloads;
  readonly checkpointEveryMs?: number;
}
