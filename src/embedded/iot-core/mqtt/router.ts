import type { Random } from '../../../shared/random.ts';
import type { ProtocolMetrics } from '../iot-metrics.ts';
import type { ActiveRule, RulesEngine } from '../rules/rules-engine.ts';
import type { LateOutbound } from './late-outbound.ts';
import { Message, type Publication } from './message.ts';
import { RetainedMessages } from './retained-messages.ts';
import { type Delivery, type Readers, type Subscription, Subscriptions } from './subscriptions.ts';
import { basicIngestRuleOf } from './topic-filter.ts';

/** Where a topic's messages go. Good as long as its version is the router's. */
export interface Route extends Readers {
  readonly topic: string;
  readonly topicBytes: Buffer;
  readonly version: number;
  readonly rules: readonly ActiveRule[];
  /** False for most: then a message is never made an object of. */
  readonly hasReaders: boolean;
  readonly isBasicIngest: boolean;
}

export interface RouterParts {
  readonly rules: RulesEngine;
  readonly metrics: ProtocolMetrics;
  /** Picks the members of shared subscriptions. */
  readonly random: Random;
  readonly late: LateOutbound;
}

/** From a topic to its subscribers, rules and retained message, for MQTT, HTTP and wills alike. */
export class Router {
  readonly subscriptions = new Subscriptions();
  readonly retained = new RetainedMessages();
  readonly #rules: RulesEngine;
  readonly #metrics: ProtocolMetrics;
  readonly #random: Random;
  readonly #late: LateOutbound;

  constructor({ rules, metrics, random, late }: RouterParts) {
    this.#rules = rules;
    this.#metrics = metrics;
    this.#random = random;
    this.#late = late;
  }

  /** @param topic a valid topic name */
  routeOf(topic: string): Route {
    const rule = basicIngestRuleOf(topic);
    if (rule !== undefined) return this.#basicIngest(topic, rule);
    const readers = this.subscriptions.readersOf(topic);
    return {
      ...readers,
      topic,
      topicBytes: Buffer.from(topic),
      version: this.subscriptions.version,
      rules: this.#rules.rulesOf(topic),
      hasReaders: readers.subscriptions.length > 0 || readers.groups.length > 0,
      isBasicIngest: false,
    };
  }

  /**
   * Straight to the rule, whatever its FROM says: no client can subscribe, nothing is retained. If the rule does not exist,
   * the message is dropped without an error.
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-basic-ingest.html
   */
  #basicIngest(topic: string, rule: string): Route {
    return {
      subscriptions: [],
      groups: [],
      topic,
      topicBytes: Buffer.from(topic),
      version: this.subscriptions.version,
      rules: this.#rules.ruleNamed(rule),
      hasReaders: false,
      isBasicIngest: true,
    };
  }

  isCurrent(route: Route): boolean {
    return route.version === this.subscriptions.version;
  }

  /** Routes an accepted message. */
  publish(route: Route, publication: Publication): void {
    const { headers, nowMs } = publication;
    if (route.hasReaders || (headers.retain && !route.isBasicIngest)) {
      const message = new Message(publication);
      if (headers.retain) this.retained.store(message);
      this.#distribute(route, message, nowMs);
    }
    if (route.rules.length > 0) this.#rules.run(route.rules, publication);
  }

  #distribute(route: Route, message: Message, nowMs: number): void {
    for (const subscription of route.subscriptions) {
      // [MQTT-3.8.3-3]
      if (subscription.noLocal && subscription.session === message.publisher) continue;
      this.#deliver(subscription, message, nowMs);
    }
    for (const group of route.groups) {
      const member = group.pick(this.#random);
      if (member !== undefined) this.#deliver(member, message, nowMs);
    }
  }

  #deliver(subscription: Subscription, message: Message, nowMs: number): void {
    const { session } = subscription;
    if (!session.access.mayReceive(message.topic)) {
      this.#metrics.publishOutAuthError.add(nowMs);
      return;
    }
    const qos = Math.min(subscription.qos, message.headers.qos) as 0 | 1;
    // [MQTT-3.3.1-12], [MQTT-3.3.1-13]
    const retain = subscription.retainAsPublished && message.headers.retain;
    const isLate =
      this.#late.isActive &&
      this.#late.takes(session, (atMs) => this.#count(session.deliver(message, qos, retain, atMs), atMs));
    if (!isLate) this.#count(session.deliver(message, qos, retain, nowMs), nowMs);
  }

  #count(became: Delivery, nowMs: number): void {
    const { queuedSuccess, queuedThrottle, publishOutThrottle } = this.#metrics;
    if (became === 'stored') queuedSuccess.add(nowMs);
    if (became === 'not-stored') queuedThrottle.add(nowMs);
    if (became === 'dropped') publishOutThrottle.add(nowMs);
  }
}
