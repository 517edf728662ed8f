import type { Random } from '../../../shared/random.ts';
import type { Access } from './access.ts';
import type { Message, Publisher } from './message.ts';
import type { QoS } from './protocol.ts';
import type { TopicFilter } from './topic-filter.ts';
import { TopicTree } from './topic-tree.ts';

/** Options of a subscription (3.8.3.1). MQTT 3.1.1 has only the QoS. */
export interface SubscriptionOptions {
  readonly qos: QoS;
  /** Not the client's own messages. */
  readonly noLocal: boolean;
  /** The RETAIN flag as published, instead of 0 for a message that is not a stored one. */
  readonly retainAsPublished: boolean;
}

/** What subscribes: a session, as far as its subscriptions need it. */
export interface Subscriber extends Publisher {
  readonly access: Access;
  readonly isConnected: boolean;
  readonly isPersistent: boolean;
  /** By the filter as the client wrote it. */
  readonly subscriptions: Map<string, { readonly filter: TopicFilter; readonly subscription: Subscription }>;
  deliver(message: Message, qos: QoS, retain: boolean, nowMs: number): Delivery;
}

/**
 * What became of a message for one subscriber. `passed`: its connection has it, or it waits there. `stored`, `not-stored`: of a client
 * that is not connected. `dropped`: the subscriber has too much to take already. `ended`: its session ended while the message was held back.
 */
export type Delivery = 'passed' | 'stored' | 'not-stored' | 'dropped' | 'ended';

export interface Subscription extends SubscriptionOptions {
  readonly session: Subscriber;
}

/** The sessions that share one `$share/{group}/{filter}`: each message goes to one of them. */
export class SharedGroup {
  readonly members = new Map<Subscriber, Subscription>();

  /**
   * A member that is connected, at random; if none is, one with a persistent session, whose queue keeps the message.
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt5-shared-subscription
   */
  pick(random: Random): Subscription | undefined {
    const members = [...this.members.values()];
    const connected = members.filter(({ session }) => session.isConnected);
    if (connected.length > 0) return connected[Math.floor(random() * connected.length)];
    return members.find(({ session }) => session.isPersistent);
  }
}

/** Who gets the messages of a topic. */
export interface Readers {
  /** One a session: overlapping filters of one client bring it a message once, with the best of what they asked for. */
  readonly subscriptions: readonly Subscription[];
  readonly groups: readonly SharedGroup[];
}

/** All subscriptions of all sessions. */
export class Subscriptions {
  readonly #tree = new TopicTree<Subscription | SharedGroup>();
  readonly #groups = new Map<string, SharedGroup>();
  /** Changes with every change of the subscriptions: what was matched before is out of date. */
  version = 0;

  /** @returns whether the session had no subscription to this very filter before [MQTT-3.8.4-3] */
  add(session: Subscriber, text: string, filter: TopicFilter, options: SubscriptionOptions): boolean {
    const known = this.remove(session, text, filter);
    const subscription: Subscription = { ...options, session };
    session.subscriptions.set(text, { filter, subscription });
    if (filter.shareName === undefined) this.#tree.add(filter.filter, subscription);
    else this.#groupOf(text, filter).members.set(session, subscription);
    this.version++;
    return !known;
  }

  /** @returns whether there was one */
  remove(session: Subscriber, text: string, filter: TopicFilter): boolean {
    const held = session.subscriptions.get(text);
    if (held === undefined) return false;
    session.subscriptions.delete(text);
    if (filter.shareName === undefined) this.#tree.remove(filter.filter, held.subscription);
    else this.#leave(text, filter, session);
    this.version++;
    return true;
  }

  removeAll(session: Subscriber): void {
    for (const [text, { filter }] of [...session.subscriptions]) this.remove(session, text, filter);
  }

  /** Sessions that share the filter. @param text as a client writes it, `$share/{group}/` included */
  groupSize(text: string): number {
    return this.#groups.get(text)?.members.size ?? 0;
  }

  readersOf(topic: string): Readers {
    const bySession = new Map<Subscriber, Subscription>();
    const groups: SharedGroup[] = [];
    for (const match of this.#tree.match(topic)) {
      if (match instanceof SharedGroup) {
        groups.push(match);
        continue;
      }
      const other = bySession.get(match.session);
      bySession.set(match.session, other === undefined ? match : merge(match, other));
    }
    return { subscriptions: [...bySession.values()], groups };
  }

  #groupOf(text: string, filter: TopicFilter): SharedGroup {
    let group = this.#groups.get(text);
    if (group === undefined) {
      group = new SharedGroup();
      this.#groups.set(text, group);
      this.#tree.add(filter.filter, group);
    }
    return group;
  }

  #leave(text: string, filter: TopicFilter, session: Subscriber): void {
    const group = this.#groups.get(text);
    if (group === undefined) return;
    group.members.delete(session);
    if (group.members.size > 0) return;
    this.#groups.delete(text);
    this.#tree.remove(filter.filter, group);
  }
}

function merge(a: Subscription, b: Subscription): Subscription {
  return {
    session: a.session,
    qos: Math.max(a.qos, b.qos) as QoS,
    noLocal: a.noLocal && b.noLocal,
    retainAsPublished: a.retainAsPublished || b.retainAsPublished,
  };
}
