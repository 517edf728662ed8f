import { isCommandTopic } from '../plan/downlinks.ts';
import type { Clock } from '../shared/clock.ts';
import type { DeviceSubscription } from './device-subscription.ts';
import { envelopeStartOf, readEchoedMessage } from './payload.ts';
import type { SliceCounters } from './slice-counters.ts';
import type { SliceDevices } from './slice-devices.ts';
import type { IncomingMessage, Transport } from './transport.ts';

export interface EchoSettings {
  readonly runId: string;
  readonly slice: number;
  readonly deviceGroup: number;
  /** How many the slice has. */
  readonly streams: number;
  readonly devices: SliceDevices;
  readonly transport: Transport;
  readonly counters: SliceCounters;
  readonly clock: Clock;
  /** How long it waits for messages in flight. */
  readonly drainMs: number;
}

/** The echo: some devices subscribe to their own topics and measure when their messages come back. */
export class Echoes implements DeviceSubscription {
  readonly #settings: EchoSettings;
  /** By stream. */
  readonly #envelopeStarts: readonly Buffer[];
  /** For each device, 1 if it subscribes to its own topic. */
  readonly #echoes: Uint8Array;
  /** For each device: topics that were granted in the session that it has. */
  readonly #granted: Uint8Array;

  constructor(settings: EchoSettings) {
    const { devices } = settings;
    this.#settings = settings;
    this.#envelopeStarts = Array.from({ length: settings.streams }, (_, stream) =>
      Buffer.from(envelopeStartOf({ ...settings, stream })),
    );
    this.#granted = new Uint8Array(devices.count);
    this.#echoes = Uint8Array.from({ length: devices.count }, (_, device) => Number(devices.echoes(device)));
  }

  takes(topic: string): boolean {
    return !isCommandTopic(topic);
  }

  /** Every message that was sent from a device that echoes has come back, or the wait for that is over. */
  isComplete(nowMs: number, finishedAt: number): boolean {
    const { counters, drainMs } = this.#settings;
    return counters.echoesMissing === 0 || nowMs >= finishedAt + drainMs;
  }

  connected(device: number, isResumed: boolean): void {
    const { devices, transport } = this.#settings;
    if (this.#echoes[device] !== 1) return;
    const topics = new Set(devices.topics(device));
    if (isResumed && this.#granted[device] === topics.size) return;
    this.#granted[device] = 0;
    // An echo only measures: QoS 0 spares its PUBACK.
    for (const topic of topics) transport.subscribe(device, topic, 0);
  }

  disconnected(): void {}

  subscribed(device: number): void {
    this.#granted[device] = this.#granted[device]! + 1;
  }

  subscribeRefused(_device: number, _filter: string, reason: string): void {
    this.#settings.counters.echoRefused(reason);
  }

  received(device: number, { payload, envelope }: IncomingMessage): void {
    const { counters, clock, devices } = this.#settings;
    const message = readEchoedMessage(envelope ?? payload, this.#envelopeStarts);
    // A topic may be shared with senders that are not this run's.
    if (message !== undefined) counters.echoed(devices.indexOf(device), message, clock.now());
  }

  stop(): void {}

  /** Echoes are counted where what was sent is. */
  result(): Record<never, never> {
    return {};
  }
}
