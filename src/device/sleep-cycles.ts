import { type AwakeStretch, awakeStretches } from '../plan/lifecycle.ts';
import type { Plan, Slice } from '../plan/plan.ts';
import type { DisconnectKind } from '../profile/planned-action.ts';
import type { CancelTimer, Clock } from '../shared/clock.ts';

export interface SleepSettings {
  readonly clock: Clock;
  readonly plan: Plan;
  readonly slice: Slice;
  /** Epoch milliseconds: no device wakes before. */
  readonly startAt: number;
}

/** Callbacks from the cycles of a slice's devices. */
export interface SleepListener {
  woke(device: number): void;
  fellAsleep(device: number): void;
}

/** Wakes a slice's devices and puts them to sleep, as their group's lifecycle says; devices of a group without one stay awake. */
export class SleepCycles {
  /** How connections end. */
  readonly disconnect: DisconnectKind;
  readonly #clock: Clock;
  /** Stretches are counted from then, epoch milliseconds. */
  readonly #zeroAt: number;
  readonly #startAt: number;
  readonly #listener: SleepListener;
  /** By device; empty without a lifecycle. */
  readonly #stretches: Generator<AwakeStretch, never>[] = [];
  readonly #asleep: Uint8Array;
  readonly #timers = new Map<number, CancelTimer>();

  constructor({ clock, plan, slice, startAt }: SleepSettings, listener: SleepListener) {
    const { lifecycle, seed } = slice.group.profile;
    this.#clock = clock;
    this.#zeroAt = plan.timeline.startAt;
    this.#startAt = startAt;
    this.#listener = listener;
    this.#asleep = new Uint8Array(slice.devices);
    this.disconnect = lifecycle?.disconnect ?? 'clean';
    if (lifecycle === undefined) return;
    for (let device = 0; device < slice.devices; device++)
      this.#stretches.push(awakeStretches(lifecycle, seed, slice.firstDevice + device));
  }

  isAsleep(device: number): boolean {
    return this.#asleep[device] === 1;
  }

  start(): void {
    for (const device of this.#stretches.keys()) {
      const stretch = this.#nextStretch(device);
      if (stretch.fromMs <= this.#elapsedMs) this.#sleepAfter(device, stretch);
      else this.#wakeAt(device, stretch);
    }
  }

  stop(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  /** Of the cycles, milliseconds. */
  get #elapsedMs(): number {
    return Math.max(this.#clock.now(), this.#startAt) - this.#zeroAt;
  }

  /** The first that is not over. */
  #nextStretch(device: number): AwakeStretch {
    let stretch = this.#stretches[device]!.next().value;
    while (stretch.toMs <= this.#elapsedMs) stretch = this.#stretches[device]!.next().value;
    return stretch;
  }

  #wakeAt(device: number, stretch: AwakeStretch): void {
    this.#asleep[device] = 1;
    this.#at(device, stretch.fromMs, () => {
      this.#asleep[device] = 0;
      this.#sleepAfter(device, stretch);
      this.#listener.woke(device);
    });
  }

  #sleepAfter(device: number, stretch: AwakeStretch): void {
    this.#at(device, stretch.toMs, () => {
      this.#wakeAt(device, this.#nextStretch(device));
      this.#listener.fellAsleep(device);
    });
  }

  #at(device: number, elapsedMs: number, then: () => void): void {
    const afterMs = this.#zeroAt + elapsedMs - this.#clock.now();
    this.#timers.set(device, this.#clock.setTimer(afterMs, then));
  }
}
