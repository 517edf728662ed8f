import type { MessageBirth } from './payload.ts';

/** Counts the births of a stream's devices: the first message of each connection is one. */
export class DeviceBirths {
  readonly #births: Uint32Array;
  readonly #since: Uint32Array;
  /** Filled anew for each message. */
  readonly #birth = { births: 0, since: 0 };

  constructor(devices: number) {
    this.#births = new Uint32Array(devices);
    this.#since = new Uint32Array(devices);
  }

  /** Of the device's next message; the next call overwrites it. */
  of(device: number): MessageBirth {
    this.#birth.births = this.#births[device]!;
    this.#birth.since = this.#since[device]!;
    return this.#birth;
  }

  sent(device: number): void {
    this.#since[device]!++;
  }

  /** The device's next message is a birth. */
  connected(device: number): void {
    if (this.#since[device] === 0) return;
    this.#since[device] = 0;
    this.#births[device]!++;
  }

  /** A new device is in the place of this one. */
  replaced(device: number): void {
    this.#since[device] = 0;
    this.#births[device] = 0;
  }
}
