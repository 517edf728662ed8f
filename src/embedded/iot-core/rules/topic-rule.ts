import { type Property, propertyIds } from '../mqtt/properties.ts';
import { ColumnCopier, type PayloadBytes } from './column-copier.ts';
import type { RecordBuffer } from './record-buffer.ts';
import { parseRuleSql } from './sql.ts';
import { type Evaluation, StatementEvaluator } from './statement-evaluator.ts';

/** An incoming message. Its bytes are valid during the call only. */
export interface RuleInput extends PayloadBytes {
  readonly topic: string;
  /** Undefined: published over HTTP. */
  readonly clientId: string | undefined;
  /** Absent: as of a message without properties. */
  readonly headers?: { readonly properties?: readonly Property[] | undefined };
}

/** A rule, compiled: columns are copied where its SELECT allows it, and everything else is evaluated in the general way. */
export class TopicRule {
  readonly name: string;
  /** Topic filter. */
  readonly from: string;
  readonly #copier: ColumnCopier | undefined;
  readonly #evaluator: StatementEvaluator;

  /** @throws RuleSqlError */
  constructor(name: string, sql: string) {
    const statement = parseRuleSql(sql);
    this.name = name;
    this.from = statement.from;
    this.#copier = ColumnCopier.of(statement);
    this.#evaluator = new StatementEvaluator(statement);
  }

  /**
   * Writes the outgoing message for one incoming. A path that the message does not have is left out, as AWS leaves out
   * what is Undefined.
   */
  evaluate(input: RuleInput, out: RecordBuffer): Evaluation {
    if (this.#copier !== undefined) {
      const outcome = this.#copier.copy(input, out);
      if (outcome !== 'undecided') return outcome;
    }
    const { bytes, start, end, topic, clientId, nowMs, headers } = input;
    const userProperties = headers?.properties?.filter(({ id }) => id === propertyIds.userProperty);
    const context = {
      topic,
      clientId,
      nowMs,
      payload: bytes.subarray(start, end),
      userProperties: userProperties?.map(({ value }) => value as readonly [string, string]),
    };
    return this.#evaluator.evaluate(context, out);
  }
}
