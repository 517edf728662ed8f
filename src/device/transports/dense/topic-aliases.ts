import { encodeTopic, type PublishPacket } from './packets.ts';

const noTopic = encodeTopic('');

/** Aliases that one connection has given to topics (3.3.2.3.4). They are the connection's own [MQTT-3.3.2-7]. */
export class TopicAliases {
  readonly #maximum: number;
  /** Made for the first topic that has one. */
  #byTopic: Map<string, number> | undefined;

  /** @param maximum how many the service takes on this connection (3.2.2.3.8) */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /**
   * Gives a packet that is sent the alias of its topic. The topic itself goes with it the first time only; topics past the
   * service's maximum are whole each time.
   */
  shorten(packet: PublishPacket, topic: string): void {
    this.#byTopic ??= new Map();
    const known = this.#byTopic.get(topic);
    if (known !== undefined) {
      packet.alias = known;
      packet.topic = noTopic;
    } else if (this.#byTopic.size < this.#maximum) {
      packet.alias = this.#byTopic.size + 1;
      this.#byTopic.set(topic, packet.alias);
    }
  }
}
