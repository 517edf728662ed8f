import type { AccountQuotas } from '../account-quotas.ts';
import type { Metrics } from '../metrics.ts';
import { TopicTree } from '../mqtt/topic-tree.ts';
import type { Weather } from '../weather.ts';
import { RecordBuffer } from './record-buffer.ts';
import type { TopicRule } from './topic-rule.ts';

/** Where rules send: a queue, shaped as SQS. */
export interface RuleTarget {
  /** @param body lent for the call @returns false if it was not taken */
  send(body: Buffer, nowMs: number): boolean;
}

/** The dimension `ActionType` of the one action there is. AWS documents no list of its values. */
const actionType = 'SQS';

/** A rule in force, with its metrics. */
export interface ActiveRule {
  readonly rule: TopicRule;
  readonly counters: ReturnType<Metrics['rule']>;
}

/** Runs the rules whose filter a message's topic matches. */
export class RulesEngine {
  readonly #tree = new TopicTree<ActiveRule>();
  readonly #byName = new Map<string, ActiveRule>();
  readonly #metrics: Metrics;
  readonly #weather: Weather;
  readonly #target: RuleTarget;
  readonly #quotas: AccountQuotas;
  readonly #record = new RecordBuffer();

  constructor(
    rules: readonly TopicRule[],
    target: RuleTarget,
    metrics: Metrics,
    weather: Weather,
    quotas: AccountQuotas,
  ) {
    this.#target = target;
    this.#metrics = metrics;
    this.#weather = weather;
    this.#quotas = quotas;
    for (const rule of rules) {
      const active = { rule, counters: metrics.rule(rule.name, actionType) };
      this.#tree.add(rule.from, active);
      this.#byName.set(rule.name, active);
    }
  }

  rulesOf(topic: string): readonly ActiveRule[] {
    return this.#tree.match(topic);
  }

  /** For Basic Ingest; empty where there is none of that name. */
  ruleNamed(name: string): readonly ActiveRule[] {
    const rule = this.#byName.get(name);
    return rule === undefined ? [] : [rule];
  }

  /**
   * @param bytes lent for the call
   * @param clientId undefined: published over HTTP
   */
  run(
    rules: readonly ActiveRule[],
    bytes: Buffer,
    payloadStart: number,
    payloadEnd: number,
    topic: string,
    clientId: string | undefined,
    nowMs: number,
  ): void {
    for (const { rule, counters } of rules) {
      counters.topicMatch.add(nowMs);
      if (!this.#quotas.admitRuleEvaluation(nowMs)) {
        counters.throttled.add(nowMs);
        continue;
      }
      const evaluation = rule.evaluate(bytes, payloadStart, payloadEnd, topic, clientId, nowMs, this.#record);
      if (evaluation === 'notJson') {
        counters.parseError.add(nowMs);
        continue;
      }
      this.#metrics.rulesExecuted.add(nowMs);
      if (evaluation === 'filtered') continue;
      if (evaluation === 'tooLarge') {
        counters.failure.add(nowMs);
        continue;
      }
      // What vanishes here vanishes silently: the service neither delivered nor noticed.
      if (this.#weather.dropsDelivery()) continue;
      const sent = this.#target.send(this.#record.body, nowMs);
      (sent ? counters.success : counters.failure).add(nowMs);
    }
  }
}
