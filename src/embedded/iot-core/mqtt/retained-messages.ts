import type { Message } from './message.ts';

/** One message a topic, the last that was published with the RETAIN flag (3.3.1.3). */
export class RetainedMessages {
  readonly #byTopic = new Map<string, Message>();

  /** [MQTT-3.3.1-5] Replaces the topic's; [MQTT-3.3.1-6] an empty payload takes it away. */
  store(message: Message): void {
    if (message.payload.length === 0) this.#byTopic.delete(message.topic);
    else this.#byTopic.set(message.topic, message);
  }

  get(topic: string, nowMs: number): Message | undefined {
    const message = this.#byTopic.get(topic);
    if (message?.hasExpired(nowMs) !== true) return message;
    this.#byTopic.delete(topic);
    return undefined;
  }

  /** Forgets those that have expired. */
  sweep(nowMs: number): void {
    for (const [topic, message] of this.#byTopic) if (message.hasExpired(nowMs)) this.#byTopic.delete(topic);
  }

  /** In the order of their topics. */
  list(nowMs: number): Message[] {
    return [...this.#byTopic.values()]
      .filter((message) => !message.hasExpired(nowMs))
      .sort((a, b) => (a.topic < b.topic ? -1 : 1));
  }
}
