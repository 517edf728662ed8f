import { exitCodes, StampedeError } from '../../../shared/errors.ts';
import { parseTopicFilter } from '../mqtt/topic-filter.ts';
import type { Expression } from './expression.ts';
import { ExpressionParser } from './expression-parser.ts';
import { TokenReader } from './token-reader.ts';

export interface SelectItem {
  readonly expression: Expression;
  /** The key of the outgoing object. */
  readonly alias: string;
}

export interface Statement {
  /** `*`: the members of the message come first. */
  readonly selectsAll: boolean;
  readonly select: readonly SelectItem[];
  /** Topic filter; a rule without FROM, which Basic Ingest alone could reach, is not supported. */
  readonly from: string;
  readonly where?: Expression;
}

/** The rule's SQL is not valid, or past what the embedded rules engine does. It fails at start, not at run time. */
export class RuleSqlError extends StampedeError {
  constructor(sql: string, message: string) {
    super('RuleSqlUnsupported', `The IoT rule's SQL ${message}\n  ${sql}`, {
      hint:
        "supported are SELECT of * and of paths and expressions with AS, FROM 'topic/filter', WHERE; " +
        'docs/iot-core-fidelity.md lists what is not',
      exitCode: exitCodes.badUsage,
    });
  }
}

/**
 * AWS IoT SQL, recursive descent over its tokens, keywords in any case.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-reference.html
 * @throws RuleSqlError for what is not supported, and names it
 */
export function parseRuleSql(sql: string): Statement {
  const fail = (message: string): RuleSqlError => new RuleSqlError(sql, message);
  const tokens = new TokenReader(sql, fail);
  const expressions = new ExpressionParser(tokens, fail);

  if (tokens.takeWord('SET')) throw fail('has SET, which is not supported');
  tokens.expectWord('SELECT');
  if (tokens.takeWord('VALUE')) throw fail('has SELECT VALUE, which is not supported');
  const selectsAll = tokens.takeSymbol('*');
  const select: SelectItem[] = [];
  if (!selectsAll) select.push(parseItem(tokens, expressions, fail));
  while (tokens.takeSymbol(',')) select.push(parseItem(tokens, expressions, fail));

  tokens.expectWord('FROM');
  const from = tokens.next();
  if (from?.kind !== 'string') throw tokens.unexpected(from, "a topic filter in '…'");
  const where = tokens.takeWord('WHERE') ? expressions.parse() : undefined;
  const rest = tokens.next();
  if (rest !== undefined) {
    const place = where === undefined ? 'FROM' : 'WHERE';
    throw fail(`has '${rest.text}' after ${place}, which is not supported`);
  }
  checkFilter(from.text, fail);
  const aliases = select.map(({ alias }) => alias);
  const twice = aliases.find((alias, i) => aliases.indexOf(alias) !== i);
  if (twice !== undefined) throw fail(`selects two values as '${twice}'`);
  return { selectsAll, select, from: from.text, ...(where === undefined ? {} : { where }) };
}

type Fail = (message: string) => RuleSqlError;

function parseItem(tokens: TokenReader, expressions: ExpressionParser, fail: Fail): SelectItem {
  const expression = expressions.parse();
  if (tokens.takeWord('AS')) {
    const alias = tokens.next();
    if (alias?.kind !== 'word') throw tokens.unexpected(alias, 'a name after AS');
    if (tokens.takeSymbol('.'))
      throw fail(`has a nested name after AS (${alias.text}.…), which is not supported`);
    return { expression, alias: alias.text };
  }
  if (expression.kind !== 'path') {
    throw fail(`selects ${describe(expression)} without AS, which is not supported`);
  }
  return { expression, alias: expression.path.at(-1)! };
}

function describe(expression: Expression): string {
  return expression.kind === 'call' ? `${expression.function.name}()` : `a ${expression.kind}`;
}

function checkFilter(text: string, fail: Fail): void {
  const filter = parseTopicFilter(text);
  if (filter === undefined || filter.shareName !== undefined) {
    throw fail(`reads from '${text}', which is not a topic filter`);
  }
}
