import { encodeTopic } from './packets.ts';

/** Far more than a slice's devices publish to; a sender with a topic for each message would fill the memory. */
const mostTopics = 65_536;

/** Topics as encoded in packets, each encoded once. */
export class EncodedTopics {
  readonly #byTopic = new Map<string, Buffer>();
  /** By device: the topic that it sent to last, and that topic as encoded. */
  readonly #last: string[];
  readonly #lastEncoded: Buffer[];

  constructor(devices: number) {
    this.#last = new Array<string>(devices).fill('');
    this.#lastEncoded = new Array<Buffer>(devices).fill(encodeTopic(''));
  }

  /** A topic that a device sends to, as encoded in a PUBLISH. */
  of(device: number, topic: string): Buffer {
    // Nearly always the same text object as the last time: cheaper to see than to look up.
    if (topic === this.#last[device]) return this.#lastEncoded[device]!;
    const encoded = this.#encode(topic);
    this.#last[device] = topic;
    this.#lastEncoded[device] = encoded;
    return encoded;
  }

  #encode(topic: string): Buffer {
    const known = this.#byTopic.get(topic);
    if (known !== undefined) return known;
    if (this.#byTopic.size === mostTopics) this.#byTopic.clear();
    const encoded = encodeTopic(topic);
    this.#byTopic.set(topic, encoded);
    return encoded;
  }
}
