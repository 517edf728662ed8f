import type { AccountLimits, QuotaName } from '../../targets/aws-iot/quotas.ts';
import { KeyedBuckets, TokenBucket } from './token-bucket.ts';

/** What was refused, by the quota that refused it: the truth that a report is checked against. */
export type Refusals = Readonly<Partial<Record<QuotaName, number>>>;

/**
 * The account's quotas for broker, data plane and rules engine. Each `admit…` takes one if it is allowed now, or counts
 * the refusal; what a single connection may do is in `mqtt/connection-quotas.ts`.
 */
export class AccountQuotas {
  readonly limits: AccountLimits;
  readonly burstSeconds: number;
  readonly #publishIn: TokenBucket;
  readonly #publishOut: TokenBucket;
  readonly #queued: TokenBucket;
  readonly #connect: TokenBucket;
  readonly #connectByClientId: KeyedBuckets;
  readonly #subscribe: TokenBucket;
  readonly #ruleEvaluation: TokenBucket;
  readonly #retained: TokenBucket;
  readonly #retainedByTopic: KeyedBuckets;
  readonly #refusals: Partial<Record<QuotaName, number>> = {};

  /** @param burstSeconds seconds of its rate that an idle quota grants at once */
  constructor(limits: AccountLimits, burstSeconds: number) {
    const bucket = (name: QuotaName) => new TokenBucket(limits[name], burstSeconds);
    this.limits = limits;
    this.burstSeconds = burstSeconds;
    this.#publishIn = bucket('publishInPerSecond');
    this.#publishOut = bucket('publishOutPerSecond');
    this.#queued = bucket('queuedMessagesPerSecond');
    this.#connect = bucket('connectsPerSecond');
    this.#connectByClientId = new KeyedBuckets(limits.connectsPerSecondPerClientId);
    this.#subscribe = bucket('subscribesPerSecond');
    this.#ruleEvaluation = bucket('ruleEvaluationsPerSecond');
    this.#retained = bucket('retainedPublishesPerSecond');
    this.#retainedByTopic = new KeyedBuckets(limits.retainedPublishesPerSecondPerTopic);
  }

  get refusals(): Refusals {
    return this.#refusals;
  }

  /** Counts one refusal. @returns false, which the caller can return */
  refuse(name: QuotaName): false {
    this.#refusals[name] = (this.#refusals[name] ?? 0) + 1;
    return false;
  }

  /** Inbound publishes of the account, over MQTT and HTTP together. */
  admitPublishIn(nowMs: number): boolean {
    return this.#publishIn.take(nowMs) || this.refuse('publishInPerSecond');
  }

  /** Deliveries to clients' subscriptions. */
  admitPublishOut(nowMs: number): boolean {
    return this.#publishOut.take(nowMs) || this.refuse('publishOutPerSecond');
  }

  /** Messages that are stored for clients that are not connected. */
  admitQueued(nowMs: number): boolean {
    return this.#queued.take(nowMs) || this.refuse('queuedMessagesPerSecond');
  }

  admitConnect(nowMs: number): boolean {
    return this.#connect.take(nowMs) || this.refuse('connectsPerSecond');
  }

  admitClientId(clientId: string, nowMs: number): boolean {
    return this.#connectByClientId.take(clientId, nowMs) || this.refuse('connectsPerSecondPerClientId');
  }

  /** @param connected without the one that asks */
  admitConnection(connected: number): boolean {
    return connected < this.limits.concurrentConnections || this.refuse('concurrentConnections');
  }

  /** @param filters of one SUBSCRIBE: all of them, or none */
  admitSubscribe(filters: number, nowMs: number): boolean {
    return this.#subscribe.take(nowMs, filters) || this.refuse('subscribesPerSecond');
  }

  admitRuleEvaluation(nowMs: number): boolean {
    return this.#ruleEvaluation.take(nowMs) || this.refuse('ruleEvaluationsPerSecond');
  }

  /** Publishes with the RETAIN flag. */
  admitRetained(topic: string, nowMs: number): boolean {
    if (!this.#retainedByTopic.take(topic, nowMs)) return this.refuse('retainedPublishesPerSecondPerTopic');
    return this.#retained.take(nowMs) || this.refuse('retainedPublishesPerSecond');
  }

  /** Forgets client ids and topics that have been idle. */
  sweep(nowMs: number): void {
    this.#connectByClientId.sweep(nowMs);
    this.#retainedByTopic.sweep(nowMs);
  }
}
