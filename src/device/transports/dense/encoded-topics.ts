import { encodeTopic } from './packets.ts';

/** Far more than a slice's devices publish to; a sender with a topic for each message would fill the memory. */
const mostTopics = 65_536;

/** Topics as encoded in packets, each encoded once. */
export class EncodedTopics {
  readonly #byTopic = new Map<string, Buffer>();

  of(topic: string): Buffer {
    const known = this.#byTopic.get(topic);
    if (known !== undefined) return known;
    if (this.#byTopic.size === mostTopics) this.#byTopic.clear();
    const encoded = encodeTopic(topic);
    this.#byTopic.set(topic, encoded);
    return encoded;
  }
}
