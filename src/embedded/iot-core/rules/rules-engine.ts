import type { Metrics } from '../metrics.ts';
import { TopicTree } from '../mqtt/topic-tree.ts';
import type { Weather } from '../weather.ts';
import { makeRecordBuffer, type TopicRule } from './topic-rule.ts';

/** Where rules send: a queue, shaped as SQS. */
export interface RuleTarget {
  /** @param body lent for the call @returns false if it was not taken */
  send(body: Buffer, length: number, nowMs: number): boolean;
}

/** The dimension `ActionType` of the one action there is. AWS documents no list of its values. */
const actionType = 'SQS';

/** Runs the rules whose filter a message's topic matches. */
export class RulesEngine {
  readonly #tree = new TopicTree<TopicRule>();
  readonly #metrics: Metrics;
  readonly #counters = new Map<TopicRule, ReturnType<Metrics['rule']>>();
  readonly #weather: Weather;
  readonly #target: RuleTarget;
  readonly #record = makeRecordBuffer();

  constructor(rules: readonly TopicRule[], target: RuleTarget, metrics: Metrics, weather: Weather) {
    this.#target = target;
    this.#metrics = metrics;
    this.#weather = weather;
    for (const rule of rules) {
      this.#tree.add(rule.from, rule);
      this.#counters.set(rule, metrics.rule(rule.name, actionType));
    }
  }

  rulesOf(topic: string): readonly TopicRule[] {
    return this.#tree.match(topic);
  }

  /** @param bytes lent for the call */
  run(
    rules: readonly TopicRule[],
    bytes: Buffer,
    payloadStart: number,
    payloadEnd: number,
    nowMs: number,
  ): void {
    for (const rule of rules) {
      const counters = this.#counters.get(rule)!;
      counters.topicMatch.add(nowMs);
      const evaluation = rule.evaluate(bytes, payloadStart, payloadEnd, nowMs, this.#record);
      if (evaluation === 'notJson') {
        counters.parseError.add(nowMs);
        continue;
      }
      this.#metrics.rulesExecuted.add(nowMs);
      if (evaluation === 'tooLarge') {
        counters.failure.add(nowMs);
        continue;
      }
      // What vanishes here vanishes silently: the service neither delivered nor noticed.
      if (this.#weather.dropsDelivery()) continue;
      const sent = this.#target.send(this.#record.bytes, this.#record.length, nowMs);
      (sent ? counters.success : counters.failure).add(nowMs);
    }
  }
}
