/** A stream, as far as a connection uses one. */
export interface Channel {
  readonly writableLength: number;
  readonly destroyed: boolean;
  write(bytes: Buffer | string, encoding?: 'latin1'): boolean;
  cork(): void;
  uncork(): void;
  pause(): unknown;
  resume(): unknown;
  end(): unknown;
  destroy(): unknown;
  on(event: 'error' | 'close' | 'drain', listener: () => void): unknown;
}

/** Unsent bytes from which on a subscriber is slow: QoS 0 for it is dropped, QoS 1 waits. */
const slowBytes = 262_144;
const pubackBytes = 4;

/** Packets of one connection that leave together with its next flush. */
export class OutgoingPackets {
  readonly #channel: Channel;
  #frames: Buffer[] = [];
  #frameBytes = 0;
  /** PUBACKs as text, one char a byte: the cheapest way through a socket for a few bytes. */
  #acks = '';

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** @returns whether it is the first since the last flush */
  add(frame: Buffer): boolean {
    this.#frames.push(frame);
    this.#frameBytes += frame.length;
    return this.#frames.length === 1;
  }

  addPuback(packetId: number): void {
    this.#acks += String.fromCharCode(0x40, 2, packetId >>> 8, packetId & 255);
  }

  get pubacks(): number {
    return this.#acks.length / pubackBytes;
  }

  get bytes(): number {
    return this.#frameBytes + this.#acks.length;
  }

  get hasRoom(): boolean {
    return this.#channel.writableLength + this.#frameBytes < slowBytes;
  }

  write(): void {
    if (this.#frames.length > 0) {
      const frames = this.#frames;
      this.#frames = [];
      this.#frameBytes = 0;
      if (frames.length > 1) this.#channel.cork();
      for (const frame of frames) this.#channel.write(frame);
      if (frames.length > 1) this.#channel.uncork();
    }
    if (this.#acks !== '') {
      this.#channel.write(this.#acks, 'latin1');
      this.#acks = '';
    }
  }
}
