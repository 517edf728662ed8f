import { encodeTopic, type PublishPacket } from './packets.ts';

const noTopic = encodeTopic('');

/** How one connection names topics in its packets. */
export class ConnectionTopics {
  readonly #encode: (topic: string) => Buffer;
  /** Of the last message. */
  #topic = '';
  #encoded = noTopic;
  /** Of the service: how many aliases it takes on this connection (3.2.2.3.8). */
  #maximum = 0;
  /** Those that were sent on this connection. Made for the first topic that has one. */
  #aliases: Map<string, number> | undefined;

  /** @param encode a topic as encoded in a PUBLISH */
  constructor(encode: (topic: string) => Buffer) {
    this.#encode = encode;
  }

  /** [MQTT-3.3.2-7] Aliases are a connection's own. @param aliasMaximum of the CONNACK */
  begin(aliasMaximum: number): void {
    this.#maximum = aliasMaximum;
    this.#aliases = undefined;
  }

  /**
   * Writes a topic into a packet that is sent. With an alias it is whole the first time, and empty from then on; topics past the
   * service's maximum are whole each time.
   */
  name(packet: PublishPacket, topic: string, isAliased: boolean): void {
    const known = isAliased ? this.#aliases?.get(topic) : undefined;
    packet.alias = known ?? (isAliased ? this.#newAlias(topic) : 0);
    packet.topic = known === undefined ? this.#encodedOf(topic) : noTopic;
  }

  #newAlias(topic: string): number {
    this.#aliases ??= new Map();
    if (this.#aliases.size >= this.#maximum) return 0;
    const alias = this.#aliases.size + 1;
    this.#aliases.set(topic, alias);
    return alias;
  }

  #encodedOf(topic: string): Buffer {
    // Nearly always the same text object as the last time: cheaper to see than to look up.
    if (topic === this.#topic) return this.#encoded;
    this.#topic = topic;
    this.#encoded = this.#encode(topic);
    return this.#encoded;
  }
}
