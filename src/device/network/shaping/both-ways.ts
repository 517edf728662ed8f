import { headerBytes, OneWay, recordBytes } from './one-way.ts';
import type { DeviceDraws, SliceNetwork } from './slice-network.ts';

interface BothWaysSettings {
  readonly network: SliceNetwork;
  readonly draws: DeviceDraws;
  readonly isSecure: boolean;
  /** Undefined: the end of the stream. */
  readonly leave: (bytes: Buffer | undefined) => void;
  readonly arrive: (bytes: Buffer | undefined) => void;
}

/** The two directions of one connection. */
export class BothWays {
  readonly up: OneWay;
  readonly down: OneWay;

  constructor({ network, draws, isSecure, leave, arrive }: BothWaysSettings) {
    const shared = {
      heap: network.heap,
      conditions: () => network.conditions,
      phase: draws.phase,
      overheadBytes: headerBytes + (isSecure ? recordBytes : 0),
    };
    const { up, down } = network.counters;
    this.up = new OneWay({ ...shared, draws: draws.up, counters: up, direction: 'up', deliver: leave });
    this.down = new OneWay({
      ...shared,
      draws: draws.down,
      counters: down,
      direction: 'down',
      deliver: arrive,
    });
  }

  get isEmpty(): boolean {
    return this.up.isEmpty && this.down.isEmpty;
  }

  measured(roundTripMs: number): void {
    for (const way of [this.up, this.down]) way.measured(roundTripMs);
  }

  changed(nowMs: number): void {
    for (const way of [this.up, this.down]) way.changed(nowMs);
  }

  hold(): void {
    for (const way of [this.up, this.down]) way.hold();
  }

  release(heldSinceMs: number, nowMs: number): void {
    for (const way of [this.up, this.down]) way.release(heldSinceMs, nowMs);
  }

  clear(): void {
    for (const way of [this.up, this.down]) way.clear();
  }
}
