import type { AwakeStretch } from '../plan/lifecycle.ts';
import type { Slice } from '../plan/plan.ts';
import { makeTakenDevices } from '../plan/taken-devices.ts';
import type { CancelTimer } from '../shared/clock.ts';
import type { CycleListener, CycleSettings, DeviceCycles } from './device-cycles.ts';

/**
 * Connects devices of a slice as they are taken in, and ends the connections of those that are not, by the steps of their group. One that
 * is taken out stays connected as long as its last messages may be unanswered.
 */
export class DeviceIntake implements DeviceCycles {
  readonly disconnect = 'clean';
  readonly isOver = true;
  readonly #settings: CycleSettings;
  readonly #listener: CycleListener;
  readonly #lingersMs: number;
  readonly #asleep: Uint8Array;
  /** By device: its stretches, and the timer of the next change. */
  #stretches: readonly (readonly AwakeStretch[])[] = [];
  readonly #timers = new Map<number, CancelTimer>();

  constructor(settings: CycleSettings, listener: CycleListener) {
    this.#settings = settings;
    this.#listener = listener;
    this.#lingersMs = settings.slice.group.profile.publish.ackTimeoutMs;
    this.#asleep = new Uint8Array(settings.slice.devices);
    this.#read(settings.slice);
  }

  isAsleep(device: number): boolean {
    return this.#asleep[device] === 1;
  }

  hasLeft(): boolean {
    return false;
  }

  start(): void {
    for (const device of this.#asleep.keys()) this.#follow(device);
  }

  stop(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  /** @param slice the same one, of the plan as it has become */
  amended(slice: Slice): void {
    this.#read(slice);
    this.start();
  }

  #read(slice: Slice): void {
    const { connected } = makeTakenDevices(slice);
    this.#stretches = Array.from({ length: slice.devices }, (_, device) => connected(device));
  }

  /** Puts the device into the state of this instant, and waits for the next change. */
  #follow(device: number): void {
    this.#timers.get(device)?.();
    this.#timers.delete(device);
    const { clock, plan } = this.#settings;
    // An instant has one form, or rounding makes a timer come before its own change again and again.
    const instantOf = (offsetMs: number): number => plan.timeline.publishAt + offsetMs;
    // Those that are taken in from the beginning connect before.
    const now = Math.max(instantOf(0), clock.now());
    const next = this.#stretches[device]!.find(({ toMs }) => instantOf(toMs + this.#lingersMs) > now);
    const isAwake = next !== undefined && instantOf(next.fromMs) <= now;
    this.#turn(device, isAwake);
    if (next === undefined) return;
    const at = instantOf(isAwake ? next.toMs + this.#lingersMs : next.fromMs);
    if (at >= plan.timeline.publishEndAt) return;
    this.#timers.set(
      device,
      clock.setTimer(Math.max(0, at - clock.now()), () => this.#follow(device)),
    );
  }

  #turn(device: number, isAwake: boolean): void {
    if (isAwake === (this.#asleep[device] === 0)) return;
    this.#asleep[device] = isAwake ? 0 : 1;
    if (isAwake) this.#listener.woke(device);
    else this.#listener.fellAsleep(device);
  }
}
