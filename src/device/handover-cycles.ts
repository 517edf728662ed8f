import { type Handover, lettingGoMs } from '../plan/legs.ts';
import type { Slice } from '../plan/plan.ts';
import type { CancelTimer, Clock } from '../shared/clock.ts';
import type { CycleListener, DeviceCycles } from './device-cycles.ts';
import { type PacedWork, Pacer } from './pacer.ts';

export interface HandoverSettings {
  readonly clock: Clock;
  readonly devices: number;
  /** From the leg before, and to the one that follows; absent: there is none. */
  readonly takesOver?: Handover | undefined;
  readonly letsGo?: Handover | undefined;
  /** Whether nothing of the device waits or is in flight. */
  readonly isQuiet: (device: number) => boolean;
}

/** How often a device is looked at that waits for answers. */
const lookEveryMs = 10;

/**
 * Takes each device of a leg over, and lets it go, at its instants: its connection ends cleanly as soon as its messages are answered, or a little later in any
 * case, and it does not come back.
 */
export class HandoverCycles implements DeviceCycles, PacedWork {
  readonly disconnect;
  readonly #settings: HandoverSettings;
  readonly #cycles: DeviceCycles;
  readonly #listener: Pick<CycleListener, 'fellAsleep'>;
  readonly #pacer: Pacer;
  readonly #hasLeft: Uint8Array;
  /** Devices that wait for answers: when each is looked at again. */
  readonly #leaving = new Map<number, CancelTimer>();

  /** @param cycles of its devices until they leave */
  constructor(settings: HandoverSettings, cycles: DeviceCycles, listener: Pick<CycleListener, 'fellAsleep'>) {
    this.#settings = settings;
    this.#cycles = cycles;
    this.#listener = listener;
    this.disconnect = cycles.disconnect;
    this.#hasLeft = new Uint8Array(settings.devices);
    this.#pacer = new Pacer(settings.clock, this);
  }

  get count(): number {
    return this.#settings.letsGo === undefined ? 0 : this.#settings.devices;
  }

  get isOver(): boolean {
    return this.#pacer.done && this.#leaving.size === 0;
  }

  isAsleep(device: number): boolean {
    const { clock, takesOver } = this.#settings;
    const isYetToCome = takesOver !== undefined && clock.now() < takesOver.at(device);
    return isYetToCome || this.hasLeft(device) || this.#cycles.isAsleep(device);
  }

  hasLeft(device: number): boolean {
    return this.#hasLeft[device] === 1;
  }

  start(): void {
    this.#cycles.start();
    this.#pacer.start();
  }

  stop(): void {
    this.#cycles.stop();
    this.#pacer.stop();
    for (const cancel of this.#leaving.values()) cancel();
    this.#leaving.clear();
  }

  amended(slice: Slice): void {
    this.#cycles.amended(slice);
  }

  dueAt(device: number): number {
    return this.#settings.letsGo?.at(device) ?? Number.POSITIVE_INFINITY;
  }

  due(device: number, atMs: number): void {
    this.#look(device, atMs + lettingGoMs);
  }

  tickEnd(): void {}

  #look(device: number, untilMs: number): void {
    const { clock, isQuiet } = this.#settings;
    if (isQuiet(device) || clock.now() >= untilMs) {
      this.#leaving.delete(device);
      this.#hasLeft[device] = 1;
      this.#listener.fellAsleep(device);
    } else
      this.#leaving.set(
        device,
        clock.setTimer(lookEveryMs, () => this.#look(device, untilMs)),
      );
  }
}
