import { type MqttVersion, type PublishPacket, publishOverheadBytes, writePublish } from './packets.ts';

const slabBytes = 64 * 1024;

/**
 * Where PUBLISH packets are put together. A write that the kernel took at once (TCP, nearly always) leaves its bytes free
 * to be written over by the next packet, and views of equal length are reused, so that nothing is allocated; one that is
 * still under way (TLS, a full socket buffer, gathered writes) keeps its bytes, and the next packet goes behind them.
 */
export class PublishBuffer {
  readonly #mqttVersion: MqttVersion;
  #slab = Buffer.allocUnsafeSlow(slabBytes);
  #free = 0;
  /** Views of the slab's beginning, by length. */
  #views = new Map<number, Buffer>();

  constructor(mqttVersion: MqttVersion) {
    this.#mqttVersion = mqttVersion;
  }

  /** @returns the packet; its bytes are overwritten by the next unless `keep` is called */
  encode(packet: PublishPacket): Buffer {
    const { topic, properties, payload } = packet;
    const mostBytes = publishOverheadBytes + topic.length + (properties?.length ?? 0) + payload.length;
    if (this.#free + mostBytes > this.#slab.length) this.#replace(mostBytes);
    const end = writePublish(this.#slab, this.#free, packet, this.#mqttVersion);
    return this.#free === 0 ? this.#viewOf(end) : this.#slab.subarray(this.#free, end);
  }

  /** The packet encoded last is still needed. */
  keep(packet: Buffer): void {
    this.#free += packet.length;
    // Views of the beginning are now in use.
    if (this.#views.size > 0) this.#views = new Map();
  }

  #viewOf(length: number): Buffer {
    const known = this.#views.get(length);
    if (known !== undefined) return known;
    const view = this.#slab.subarray(0, length);
    this.#views.set(length, view);
    return view;
  }

  #replace(mostBytes: number): void {
    this.#slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, mostBytes));
    this.#free = 0;
    this.#views = new Map();
  }
}
