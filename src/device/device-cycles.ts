import type { Handover } from '../plan/legs.ts';
import type { Plan, Slice } from '../plan/plan.ts';
import type { DisconnectKind } from '../profile/planned-action.ts';
import type { Clock } from '../shared/clock.ts';

/** Decides when devices of a slice are to be connected, as their group's lifecycle says. */
export interface DeviceCycles {
  /** How connections end. */
  readonly disconnect: DisconnectKind;
  /** Whether the device should stay disconnected. */
  isAsleep(device: number): boolean;
  /** Whether another leg has the device. */
  hasLeft(device: number): boolean;
  /** Whether no device is still to leave. */
  readonly isOver: boolean;
  start(): void;
  stop(): void;
  /** @param slice the same one, of the plan as it has become */
  amended(slice: Slice): void;
}

export interface CycleSettings {
  readonly clock: Clock;
  readonly plan: Plan;
  readonly slice: Slice;
  /** Epoch milliseconds: no device wakes before. */
  readonly startAt: number;
  /** Whether a message of the device waits to be sent. */
  readonly isWaitedFor: (device: number) => boolean;
  /** Whether no message of the device is in flight. */
  readonly isAnswered: (device: number) => boolean;
  /** From the leg before, and to the one that follows; absent: there is none. */
  readonly takesOver?: Handover | undefined;
  readonly letsGo?: Handover | undefined;
}

/** Callbacks from the cycles of a slice's devices. */
export interface CycleListener {
  woke(device: number): void;
  fellAsleep(device: number): void;
  /** A new device is in the place of this one, before it wakes. @param life 1 for the first that replaces another, and so on */
  replaced(device: number, life: number): void;
}
