import { ColumnCopier } from './column-copier.ts';
import type { RecordBuffer } from './record-buffer.ts';
import { parseRuleSql } from './sql.ts';
import { type Evaluation, StatementEvaluator } from './statement-evaluator.ts';

/** A rule, compiled: the short way where its SELECT allows it, and the general way for all that one leaves open. */
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
   * @param clientId undefined: published over HTTP
   * @param nowMs what `timestamp()` is, whole epoch milliseconds
   */
  evaluate(
    bytes: Buffer,
    start: number,
    end: number,
    topic: string,
    clientId: string | undefined,
    nowMs: number,
    out: RecordBuffer,
  ): Evaluation {
    if (this.#copier !== undefined) {
      const outcome = this.#copier.copy(bytes, start, end, nowMs, out);
      if (outcome !== 'undecided') return outcome;
    }
    return this.#evaluator.evaluate(bytes.toString('utf8', start, end), { topic, clientId, nowMs }, out);
  }
}
