import { exitCodes, StampedeError } from '../../../profile/errors.ts';
import { parseTopicFilter } from '../mqtt/topic-filter.ts';
import { type Token, tokenize } from './sql-tokens.ts';

/** What a rule selects: a value of the message by its path, or a function of the rules engine. */
export type Expression =
  | { readonly kind: 'path'; readonly path: readonly string[] }
  | { readonly kind: 'call'; readonly name: 'timestamp' };

export interface SelectItem {
  readonly expression: Expression;
  /** The key of the outgoing object. */
  readonly alias: string;
}

export interface Statement {
  readonly select: readonly SelectItem[];
  /** Topic filter; without FROM a rule is only reached by Basic Ingest, which is not supported. */
  readonly from: string;
}

/** The rule's SQL is not valid, or past what the embedded rules engine does. It fails at start, not at run time. */
export class RuleSqlError extends StampedeError {
  constructor(sql: string, message: string) {
    super('RuleSqlUnsupported', `The IoT rule's SQL ${message}\n  ${sql}`, {
      hint: "supported are SELECT of paths (`a.b AS c`) and timestamp(), and FROM 'topic/filter'; docs/iot-core-fidelity.md lists what is not",
      exitCode: exitCodes.badUsage,
    });
  }
}

/**
 * AWS IoT SQL, as far as the deployed rule uses it.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-reference.html
 * @throws RuleSqlError for everything else
 */
export function parseRuleSql(sql: string): Statement {
  return new Parser(sql).statement();
}

/** Recursive descent over the tokens; keywords in any case. */
class Parser {
  readonly #sql: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(sql: string) {
    this.#sql = sql;
    const { tokens, unreadable } = tokenize(sql);
    if (unreadable !== undefined) throw this.#error(`has an unexpected '${unreadable}'`);
    this.#tokens = tokens;
  }

  statement(): Statement {
    this.#expectWord('SELECT');
    const select = [this.#item()];
    while (this.#takeSymbol(',')) select.push(this.#item());
    this.#expectWord('FROM');
    const from = this.#next();
    if (from?.kind !== 'string') throw this.#unexpected(from, "a topic filter in '…'");
    const rest = this.#next();
    if (rest !== undefined) throw this.#error(`has '${rest.text}' after FROM, which is not supported`);
    const filter = parseTopicFilter(from.text);
    if (filter === undefined || filter.shareName !== undefined) {
      throw this.#error(`reads from '${from.text}', which is not a topic filter`);
    }
    const aliases = select.map(({ alias }) => alias);
    const twice = aliases.find((alias, i) => aliases.indexOf(alias) !== i);
    if (twice !== undefined) throw this.#error(`selects two values as '${twice}'`);
    return { select, from: from.text };
  }

  #item(): SelectItem {
    const expression = this.#expression();
    if (this.#takeWord('AS')) {
      const alias = this.#next();
      if (alias?.kind !== 'word') throw this.#unexpected(alias, 'a name after AS');
      return { expression, alias: alias.text };
    }
    if (expression.kind === 'call') {
      throw this.#error(`selects ${expression.name}() without AS, which is not supported`);
    }
    return { expression, alias: expression.path.at(-1)! };
  }

  #expression(): Expression {
    const first = this.#next();
    if (first?.kind !== 'word') throw this.#unexpected(first, 'a path or timestamp()');
    if (this.#takeSymbol('(')) {
      if (first.text.toLowerCase() !== 'timestamp') {
        throw this.#error(`calls ${first.text}(), which is not supported`);
      }
      if (!this.#takeSymbol(')')) throw this.#unexpected(this.#next(), "')'");
      return { kind: 'call', name: 'timestamp' };
    }
    const path = [first.text];
    while (this.#takeSymbol('.')) {
      const key = this.#next();
      if (key?.kind !== 'word') throw this.#unexpected(key, 'a key');
      path.push(key.text);
    }
    return { kind: 'path', path };
  }

  #next(): Token | undefined {
    return this.#tokens[this.#at++];
  }

  #takeSymbol(symbol: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'symbol' || token.text !== symbol) return false;
    this.#at++;
    return true;
  }

  #takeWord(word: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word' || token.text.toUpperCase() !== word) return false;
    this.#at++;
    return true;
  }

  #expectWord(word: string): void {
    if (!this.#takeWord(word)) throw this.#unexpected(this.#next(), word);
  }

  #unexpected(found: Token | undefined, wanted: string): RuleSqlError {
    return this.#error(
      `has ${found === undefined ? 'its end' : `'${found.text}'`} where ${wanted} is expected`,
    );
  }

  #error(message: string): RuleSqlError {
    return new RuleSqlError(this.#sql, message);
  }
}
