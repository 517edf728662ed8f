import type { SubscriptionGap } from '../measure/subscriber-record.ts';
import type { Subscriptions } from '../plan/subscribers.ts';
import type { Filter } from '../plan/topic-filters.ts';

/** What one connection of a subscriber is subscribed to, and when it was not. */
export class SubscriberConnection {
  readonly gaps: SubscriptionGap[] = [];
  /** Epoch milliseconds: all filters were granted for the first time. */
  subscribedAt: number | undefined;
  readonly #subscriptions: Subscriptions;
  #isUnshared = false;
  readonly #granted = new Set<string>();
  #closedSince: number | undefined;

  constructor(subscriptions: Subscriptions) {
    this.#subscriptions = subscriptions;
  }

  get filters(): readonly Filter[] {
    return (this.#isUnshared ? this.#subscriptions.unshared : undefined) ?? this.#subscriptions.filters;
  }

  get isShared(): boolean {
    return !this.#isUnshared && this.#subscriptions.unshared !== undefined;
  }

  /** At QoS 0, a target keeps nothing for a client that is away. */
  get #asksForSession(): boolean {
    return this.filters.some(({ qos }) => qos > 0);
  }

  /** Whether everything that it asks for is granted. */
  get isSubscribed(): boolean {
    return this.subscribedAt !== undefined && this.#closedSince === undefined;
  }

  /** @returns whether there is something else to subscribe to, for a target without shared subscriptions */
  unshare(): boolean {
    if (!this.isShared) return false;
    this.#isUnshared = true;
    this.#granted.clear();
    return true;
  }

  granted(filter: string, nowMs: number): void {
    this.#granted.add(filter);
    this.settle(nowMs, false);
  }

  /** The target goes on with the session: everything is subscribed. */
  resumed(nowMs: number): void {
    for (const { filter } of this.filters) this.#granted.add(filter);
    this.settle(nowMs, true);
  }

  lost(nowMs: number): void {
    this.#granted.clear();
    if (this.isSubscribed) this.#closedSince = nowMs;
  }

  /** @param isResumed whether the target had kept a session */
  settle(nowMs: number, isResumed: boolean): void {
    if (this.filters.some(({ filter }) => !this.#granted.has(filter))) return;
    this.subscribedAt ??= nowMs;
    if (this.#closedSince === undefined) return;
    const isSessionKept = isResumed || (this.#asksForSession ? false : null);
    this.gaps.push({ from: this.#closedSince, until: nowMs, isSessionKept });
    this.#closedSince = undefined;
  }

  /** With the one that goes on, if there is one. */
  allGaps(): readonly SubscriptionGap[] {
    if (this.#closedSince === undefined) return this.gaps;
    return [...this.gaps, { from: this.#closedSince, until: null, isSessionKept: null }];
  }
}
