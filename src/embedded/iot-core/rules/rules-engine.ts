import { randomUUID } from 'node:crypto';
import type { AccountQuotas } from '../account-quotas.ts';
import type { Faults } from '../faults.ts';
import type { Metrics } from '../iot-metrics.ts';
import { TopicTree } from '../mqtt/topic-tree.ts';
import { RecordBuffer } from './record-buffer.ts';
import type { RuleInput, TopicRule } from './topic-rule.ts';

/** Where rules send: a queue, shaped as SQS, or a stream, shaped as Kinesis. */
export interface RuleTarget {
  /** The dimension `ActionType` of the action. AWS documents no list of its values. */
  readonly actionType: 'SQS' | 'Kinesis';
  /** @param body valid during the call only @returns a promise while the action is tried again */
  send(body: Buffer, nowMs: number): SendOutcome | Promise<SendOutcome>;
}

/** `true`: taken. */
export type SendOutcome = true | ActionFailure;

/** Of a rule's action, as the message of its error action has it. */
export interface ActionFailure {
  readonly failedAction: string;
  readonly failedResource: string;
  readonly errorMessage: string;
}

/** Takes the message of a rule's error action: JSON text. */
export type ErrorAction = (message: string) => void;

/** A rule in force, with its metrics. */
export interface ActiveRule {
  readonly rule: TopicRule;
  readonly counters: ReturnType<Metrics['rule']>;
}

export interface RulesEngineParts {
  readonly target: RuleTarget;
  readonly metrics: Metrics;
  readonly faults: Faults;
  readonly quotas: AccountQuotas;
  readonly errorAction: ErrorAction;
}

/** Runs the rules whose filter a message's topic matches. */
export class RulesEngine {
  readonly #tree = new TopicTree<ActiveRule>();
  readonly #byName = new Map<string, ActiveRule>();
  readonly #metrics: Metrics;
  readonly #faults: Faults;
  readonly #target: RuleTarget;
  readonly #quotas: AccountQuotas;
  readonly #errorAction: ErrorAction;
  readonly #record = new RecordBuffer();

  constructor(
    rules: readonly TopicRule[],
    { target, metrics, faults, quotas, errorAction }: RulesEngineParts,
  ) {
    this.#target = target;
    this.#errorAction = errorAction;
    this.#metrics = metrics;
    this.#faults = faults;
    this.#quotas = quotas;
    for (const rule of rules) {
      const active = { rule, counters: metrics.rule(rule.name, target.actionType) };
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

  run(rules: readonly ActiveRule[], input: RuleInput): void {
    const { bytes, start, end, nowMs } = input;
    for (const { rule, counters } of rules) {
      counters.topicMatch.add(nowMs);
      if (!this.#quotas.admitRuleEvaluation(nowMs)) {
        counters.throttled.add(nowMs);
        continue;
      }
      const evaluation = rule.evaluate(input, this.#record);
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
      if (this.#faults.dropsDelivery()) continue;
      const outcome = this.#target.send(this.#record.body, nowMs);
      if (outcome === true) {
        counters.success.add(nowMs);
        continue;
      }
      const original = Buffer.from(bytes.subarray(start, end));
      const conclude = (final: SendOutcome): void => {
        (final === true ? counters.success : counters.failure).add(nowMs);
        if (final !== true) this.#errorAction(errorMessageOf(rule.name, input, original, final));
      };
      if (outcome instanceof Promise) void outcome.then(conclude);
      else conclude(outcome);
    }
  }
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html#rule-error-message-format */
function errorMessageOf(
  ruleName: string,
  { topic, clientId }: RuleInput,
  original: Buffer,
  failure: ActionFailure,
): string {
  return JSON.stringify({
    ruleName,
    topic,
    cloudwatchTraceId: randomUUID(),
    clientId: clientId ?? 'N/A',
    base64OriginalPayload: original.toString('base64'),
    failures: [failure],
  });
}
