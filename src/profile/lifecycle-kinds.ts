import type { DisconnectKind } from './planned-action.ts';

/** Any time between the two is as likely. */
export interface TimeRange {
  readonly leastMs: number;
  readonly mostMs: number;
}

export function meanMsOf({ leastMs, mostMs }: TimeRange): number {
  return (leastMs + mostMs) / 2;
}

/** Devices that are not connected all the time. */
export type Lifecycle = SleepingLifecycle | ChurningLifecycle | EachMessageLifecycle;

/** Devices that are awake and asleep in turn: they have a connection only while they are awake. */
export interface SleepingLifecycle {
  readonly awake: TimeRange;
  readonly asleep: TimeRange;
  /** Messages due while their device sleeps are left out. Absent: they are sent when it wakes. */
  readonly whenAsleep?: 'skip';
  /** How a connection ends when its device falls asleep. */
  readonly disconnect: DisconnectKind;
}

/** Devices that leave for good. */
export interface ChurningLifecycle {
  readonly churn: {
    /** Of the devices that are still there, above 0: 1 ÷ this is the mean life in minutes. */
    readonly sharePerMinute: number;
    /** Whether a new device takes the place of each one that leaves. */
    readonly replace: boolean;
  };
  /** How the connection of a device ends that leaves. */
  readonly disconnect: DisconnectKind;
}

/** Devices that open a connection for each message. */
export interface EachMessageLifecycle {
  readonly connect: 'each-message';
  /** How a connection ends once its message is answered. */
  readonly disconnect: DisconnectKind;
}

/** Whether new devices take the places of others. */
export function isReplacing(lifecycle: Lifecycle | undefined): boolean {
  return lifecycle !== undefined && 'churn' in lifecycle && lifecycle.churn.replace;
}

/** Whether fewer and fewer devices are there. */
export function isShrinking(lifecycle: Lifecycle | undefined): lifecycle is ChurningLifecycle {
  return lifecycle !== undefined && 'churn' in lifecycle && !lifecycle.churn.replace;
}

/** Whether messages due while their device is absent are left out of the schedule. */
export function skipsMessages(lifecycle: Lifecycle | undefined): boolean {
  if (lifecycle === undefined) return false;
  if ('churn' in lifecycle) return !lifecycle.churn.replace;
  return 'awake' in lifecycle && lifecycle.whenAsleep === 'skip';
}

/** Whether devices open a connection for each message. */
export function connectsEachMessage({ lifecycle }: { readonly lifecycle?: Lifecycle }): boolean {
  return lifecycle !== undefined && 'connect' in lifecycle;
}
