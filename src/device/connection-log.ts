import { OccurrenceSets } from '../measure/occurrence-sets.ts';
import type { ConnectionSets } from '../measure/presence-result.ts';
import type { DeviceSubscription } from './device-subscription.ts';

/** Counts how often each device of a slice connected and lost its connection, for the observer of presence. It subscribes to nothing. */
export class ConnectionLog implements DeviceSubscription {
  readonly #firstDevice: number;
  readonly #connects = new OccurrenceSets();
  readonly #disconnects = new OccurrenceSets();
  /** By device: 1 while it has a connection. */
  readonly #isConnected: Uint8Array;
  #isStopped = false;

  /** @param firstDevice of the slice, over the whole run */
  constructor({ firstDevice, devices }: { readonly firstDevice: number; readonly devices: number }) {
    this.#firstDevice = firstDevice;
    this.#isConnected = new Uint8Array(devices);
  }

  takes(): boolean {
    return false;
  }

  connected(device: number): void {
    this.#isConnected[device] = 1;
    this.#connects.add(this.#firstDevice + device);
  }

  disconnected(device: number): void {
    this.#isConnected[device] = 0;
    this.#disconnects.add(this.#firstDevice + device);
  }

  subscribed(): void {}
  subscribeRefused(): void {}
  received(): void {}

  isComplete(): boolean {
    return true;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** The slice's end closes the connections that are left, and reports none of them: they count as ended as soon as it stops. */
  result(): { readonly connections: ConnectionSets } {
    return { connections: { connects: this.#connects.encode(), disconnects: this.#ended().encode() } };
  }

  #ended(): OccurrenceSets {
    if (!this.#isStopped) return this.#disconnects;
    const ended = new OccurrenceSets();
    ended.addEncoded(this.#disconnects.encode(), this.#firstDevice + this.#isConnected.length);
    for (const [device, isConnected] of this.#isConnected.entries())
      if (isConnected === 1) ended.add(this.#firstDevice + device);
    return ended;
  }
}
