import type { TransportListener } from '../../../../src/device/transport.ts';

type Event = [name: keyof TransportListener, device: number, ...rest: unknown[]];

/** Records every event, and lets a test wait for one. */
export class RecordingListener implements TransportListener {
  readonly events: Event[] = [];
  readonly #counts = new Map<keyof TransportListener, number>();
  readonly #waiting = new Set<() => void>();

  of(name: keyof TransportListener): unknown[][] {
    return this.events.filter(([event]) => event === name).map(([, ...rest]) => rest);
  }

  /** Resolves once `count` events of that name have come. */
  async until(name: keyof TransportListener, count = 1): Promise<unknown[][]> {
    while ((this.#counts.get(name) ?? 0) < count) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
    return this.of(name);
  }

  connected(device: number, receiveMaximum: number): void {
    this.#record(['connected', device, receiveMaximum]);
  }
  connectFailed(device: number, reason: string): void {
    this.#record(['connectFailed', device, reason]);
  }
  disconnected(device: number, reason: string): void {
    this.#record(['disconnected', device, reason]);
  }
  acknowledged(device: number, n: number): void {
    this.#record(['acknowledged', device, n]);
  }
  refused(device: number, n: number, why: string, reason: string): void {
    this.#record(['refused', device, n, why, reason]);
  }
  writable(device: number): void {
    this.#record(['writable', device]);
  }
  echoed(device: number, payload: Buffer): void {
    this.#record(['echoed', device, payload.toString()]);
  }
  echoRefused(device: number, reason: string): void {
    this.#record(['echoRefused', device, reason]);
  }

  #record(event: Event): void {
    this.events.push(event);
    this.#counts.set(event[0], (this.#counts.get(event[0]) ?? 0) + 1);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
