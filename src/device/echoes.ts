import type { Clock } from '../shared/clock.ts';
import { envelopeStartOf, readEchoedMessage } from './payload.ts';
import type { SliceCounters } from './slice-counters.ts';
import type { SliceDevices } from './slice-devices.ts';
import type { IncomingMessage, Transport } from './transport.ts';

export interface EchoSettings {
  readonly runId: string;
  readonly slice: number;
  readonly deviceGroup: number;
  readonly devices: SliceDevices;
  readonly transport: Transport;
  readonly counters: SliceCounters;
  readonly clock: Clock;
  /** Index of the slice's first device, over the whole run. */
  readonly firstDevice: number;
}

/** The echo: some devices subscribe to their own topic and measure when their messages come back. */
export class Echoes {
  readonly #settings: EchoSettings;
  readonly #envelopeStart: Buffer;
  /** By device: 1 where it subscribes to its own topic. */
  readonly #echoes: Uint8Array;
  #expected = 0;

  constructor(settings: EchoSettings) {
    const { devices } = settings;
    this.#settings = settings;
    this.#envelopeStart = Buffer.from(envelopeStartOf(settings));
    this.#echoes = Uint8Array.from({ length: devices.count }, (_, device) => Number(devices.echoes(device)));
  }

  /** Every message that was sent from a device that echoes has come back. */
  get complete(): boolean {
    return this.#settings.counters.echoesSeen >= this.#expected;
  }

  connected(device: number): void {
    const { devices, transport } = this.#settings;
    // At QoS 0: an echo measures, and is not to cost a PUBACK.
    if (this.#echoes[device] === 1) transport.subscribe(device, devices.topic(device), 0);
  }

  sent(device: number): void {
    this.#expected += this.#echoes[device]!;
  }

  received(device: number, { payload }: IncomingMessage): void {
    const { counters, clock, firstDevice } = this.#settings;
    const message = readEchoedMessage(payload, this.#envelopeStart);
    // A topic may be shared with senders that are not this run's.
    if (message !== undefined) counters.echoed(firstDevice + device, message, clock.now());
  }
}
