import { type CountsByReason, ReasonCounts } from '../measure/reason-counts.ts';
import { defaultBackoff, drawBackoffMs } from '../profile/backoff.ts';
import type { CancelTimer, Clock } from '../shared/clock.ts';
import type { Random } from '../shared/random.ts';
import type { Qos, Transport } from './transport.ts';
import { isLastingRefusal } from './transports/reason-codes.ts';

export interface SubscriptionAttemptSettings {
  readonly transport: Transport;
  readonly clock: Clock;
  /** For the waits between attempts. */
  readonly random: Random;
  readonly qos: Qos;
}

/** A filter that was refused to a device. */
interface Refused {
  readonly failedInARow: number;
  /** Undefined: it may be tried, now or on the device's next connection. Permissions do not change within a run: `never`. */
  wait: CancelTimer | 'never' | undefined;
}

/**
 * Subscribes the devices of a slice. What was refused for a quota is tried again after a backoff with jitter, also where the service has
 * closed the connection because of it; what the device may not subscribe to is not.
 */
export class SubscriptionAttempts {
  readonly #settings: SubscriptionAttemptSettings;
  /** By device that has a connection: how many filters were not granted on it yet. */
  readonly #ungranted = new Map<number, number>();
  /** By device, then by filter. */
  readonly #refused = new Map<number, Map<string, Refused>>();
  readonly #refusedBy = new ReasonCounts();
  #isStopped = false;

  constructor(settings: SubscriptionAttemptSettings) {
    this.#settings = settings;
  }

  get refusedBy(): CountsByReason {
    return this.#refusedBy.counts();
  }

  /** @param filters that its connection does not have, each once */
  connected(device: number, filters: readonly string[]): void {
    this.#ungranted.set(device, filters.length);
    for (const filter of filters) {
      if (this.#refused.get(device)?.get(filter)?.wait === undefined) this.#subscribe(device, filter);
    }
  }

  /** @returns whether all filters had been granted */
  disconnected(device: number): boolean {
    const ungranted = this.#ungranted.get(device);
    this.#ungranted.delete(device);
    return ungranted === 0;
  }

  /** @returns whether it was the last one that was not granted yet on the device's connection */
  granted(device: number, filter: string): boolean {
    this.#refused.get(device)?.delete(filter);
    const ungranted = this.#ungranted.get(device);
    if (ungranted === undefined || ungranted === 0) return false;
    this.#ungranted.set(device, ungranted - 1);
    return ungranted === 1;
  }

  subscribeRefused(device: number, filter: string, reason: string): void {
    this.#refusedBy.add(reason);
    if (this.#isStopped) return;
    const { clock, random } = this.#settings;
    const ofDevice = this.#refused.get(device) ?? new Map<string, Refused>();
    this.#refused.set(device, ofDevice);
    const failedInARow = ofDevice.get(filter)?.failedInARow ?? 0;
    const refused: Refused = { failedInARow: failedInARow + 1, wait: 'never' };
    ofDevice.set(filter, refused);
    if (isLastingRefusal(reason)) return;
    refused.wait = clock.setTimer(drawBackoffMs(defaultBackoff, failedInARow, random), () => {
      refused.wait = undefined;
      if (this.#ungranted.has(device)) this.#subscribe(device, filter);
    });
  }

  stop(): void {
    this.#isStopped = true;
    for (const filters of this.#refused.values()) {
      for (const { wait } of filters.values()) if (typeof wait === 'function') wait();
    }
    this.#refused.clear();
  }

  #subscribe(device: number, filter: string): void {
    this.#settings.transport.subscribe(device, filter, this.#settings.qos);
  }
}
