import { type AwakeStretch, awakeStretches, zeroOf } from '../plan/lifecycle.ts';
import { canTakeDevices } from '../profile/device-rules.ts';
import { type ChurningLifecycle, isReplacing, type SleepingLifecycle } from '../profile/lifecycle-kinds.ts';
import type { DisconnectKind } from '../profile/planned-action.ts';
import type { CancelTimer, Clock } from '../shared/clock.ts';
import type { CycleListener, CycleSettings, DeviceCycles } from './device-cycles.ts';
import { DeviceIntake } from './device-intake.ts';
import { HandoverCycles } from './handover-cycles.ts';

/** The cycles of a slice's devices: without a lifecycle they stay awake; where they connect for each message, they are asleep unless one waits. */
export function makeCycles(settings: CycleSettings, listener: CycleListener): DeviceCycles {
  const { slice, takesOver, letsGo, isWaitedFor, isAnswered } = settings;
  const cycles = cyclesOf(settings, listener);
  if (takesOver === undefined && letsGo === undefined) return cycles;
  const isQuiet = (device: number) => isAnswered(device) && !isWaitedFor(device);
  return new HandoverCycles({ ...settings, devices: slice.devices, isQuiet }, cycles, listener);
}

function cyclesOf(settings: CycleSettings, listener: CycleListener): DeviceCycles {
  const { profile } = settings.slice.group;
  const { lifecycle } = profile;
  if (canTakeDevices(profile)) return new DeviceIntake(settings, listener);
  if (lifecycle === undefined) return makeUntimedCycles('clean', () => false);
  if ('connect' in lifecycle)
    return makeUntimedCycles(lifecycle.disconnect, (device) => !settings.isWaitedFor(device));
  return new SleepCycles(settings, lifecycle, listener);
}

function makeUntimedCycles(disconnect: DisconnectKind, isAsleep: DeviceCycles['isAsleep']): DeviceCycles {
  return {
    disconnect,
    isAsleep,
    hasLeft: () => false,
    isOver: true,
    start() {},
    stop() {},
    amended() {},
  };
}

/** Wakes a slice's devices and puts them to sleep, or lets them leave, as their group's lifecycle says. */
class SleepCycles implements DeviceCycles {
  /** How connections end. */
  readonly disconnect: DisconnectKind;
  readonly #clock: Clock;
  /** Stretches are counted from then, epoch milliseconds. */
  readonly #zeroAt: number;
  readonly #startAt: number;
  readonly #deadlineAt: number;
  readonly #listener: CycleListener;
  /** By device. */
  readonly #stretches: readonly Generator<AwakeStretch, never>[];
  /** By device: how many stretches have begun after the first. */
  readonly #lives: Uint32Array;
  readonly #isReplacing: boolean;
  readonly #asleep: Uint8Array;
  readonly #timers = new Map<number, CancelTimer>();

  constructor(
    { clock, plan, slice, startAt }: CycleSettings,
    lifecycle: SleepingLifecycle | ChurningLifecycle,
    listener: CycleListener,
  ) {
    const { seed } = slice.group.profile;
    this.#clock = clock;
    this.#zeroAt = zeroOf(lifecycle, plan.timeline);
    this.#isReplacing = isReplacing(lifecycle);
    this.#lives = new Uint32Array(slice.devices);
    this.#startAt = startAt;
    this.#deadlineAt = plan.timeline.deadlineAt;
    this.#listener = listener;
    this.#asleep = new Uint8Array(slice.devices);
    this.disconnect = lifecycle.disconnect;
    this.#stretches = Array.from({ length: slice.devices }, (_, device) =>
      awakeStretches(lifecycle, seed, slice.firstDevice + device),
    );
  }

  isAsleep(device: number): boolean {
    return this.#asleep[device] === 1;
  }

  hasLeft(): boolean {
    return false;
  }

  get isOver(): boolean {
    return true;
  }

  start(): void {
    for (const device of this.#stretches.keys()) {
      const stretch = this.#nextStretch(device);
      if (stretch.fromMs <= this.#elapsedMs) {
        this.#begin(device);
        this.#sleepAfter(device, stretch);
      } else this.#wakeAt(device, stretch);
    }
  }

  amended(): void {}

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
    while (stretch.toMs <= this.#elapsedMs) {
      stretch = this.#stretches[device]!.next().value;
      this.#lives[device]!++;
    }
    return stretch;
  }

  #wakeAt(device: number, stretch: AwakeStretch): void {
    this.#asleep[device] = 1;
    this.#at(device, stretch.fromMs, () => {
      this.#asleep[device] = 0;
      this.#begin(device);
      this.#sleepAfter(device, stretch);
      this.#listener.woke(device);
    });
  }

  #sleepAfter(device: number, stretch: AwakeStretch): void {
    this.#at(device, stretch.toMs, () => {
      this.#lives[device]!++;
      this.#wakeAt(device, this.#nextStretch(device));
      this.#listener.fellAsleep(device);
    });
  }

  #begin(device: number): void {
    const life = this.#lives[device]!;
    if (this.#isReplacing && life > 0) this.#listener.replaced(device, life);
  }

  #at(device: number, elapsedMs: number, then: () => void): void {
    // Not in this run: what is too long for a timer would be over at once.
    if (this.#zeroAt + elapsedMs > this.#deadlineAt) {
      this.#timers.delete(device);
      return;
    }
    const afterMs = this.#zeroAt + elapsedMs - this.#clock.now();
    this.#timers.set(device, this.#clock.setTimer(afterMs, then));
  }
}
