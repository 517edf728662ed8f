import type { Expression } from './expression.ts';
import { findRuleFunction, ruleFunctions } from './sql-functions.ts';
import type { TokenReader } from './token-reader.ts';

/** Supported by AWS but not here, by first word or symbol. The error names it, so that it is not taken for a typo. */
const unsupportedWords = ['CASE', 'EXISTS', 'IN', 'SELECT', 'UNDEFINED'];
/** Keywords of what is supported: where a value is expected one of these is a typing error, and no path. */
const reservedWords = ['AND', 'AS', 'FROM', 'NOT', 'OR', 'WHERE'];
const unsupportedSymbols: Readonly<Record<string, string>> = {
  '[': 'an array, by index or as a literal',
  '{': 'an object as a literal',
};

const literals: Readonly<Record<string, boolean | null>> = { TRUE: true, FALSE: false, NULL: null };

/** Expressions by precedence: OR, AND, NOT, comparison, sum, product, sign. */
export class ExpressionParser {
  readonly #tokens: TokenReader;
  readonly #fail: (message: string) => Error;

  constructor(tokens: TokenReader, fail: (message: string) => Error) {
    this.#tokens = tokens;
    this.#fail = fail;
  }

  parse(): Expression {
    let left = this.#conjunction();
    while (this.#tokens.takeWord('OR')) left = { kind: 'or', left, right: this.#conjunction() };
    return left;
  }

  #conjunction(): Expression {
    let left = this.#negation();
    while (this.#tokens.takeWord('AND')) left = { kind: 'and', left, right: this.#negation() };
    return left;
  }

  #negation(): Expression {
    if (this.#tokens.takeWord('NOT')) return { kind: 'not', operand: this.#negation() };
    return this.#comparison();
  }

  #comparison(): Expression {
    const left = this.#sum();
    const operator = this.#tokens.takeOneOf(['=', '<>', '<=', '>=', '<', '>']);
    if (operator !== undefined) return { kind: 'comparison', operator, left, right: this.#sum() };
    if (this.#tokens.takeWord('IN')) throw this.#unsupported('IN');
    return left;
  }

  #sum(): Expression {
    let left = this.#product();
    for (;;) {
      const operator = this.#tokens.takeOneOf(['+', '-']);
      if (operator === undefined) return left;
      left = { kind: 'arithmetic', operator, left, right: this.#product() };
    }
  }

  #product(): Expression {
    let left = this.#signed();
    for (;;) {
      const operator = this.#tokens.takeOneOf(['*', '/', '%']);
      if (operator === undefined) return left;
      left = { kind: 'arithmetic', operator, left, right: this.#signed() };
    }
  }

  #signed(): Expression {
    if (this.#tokens.takeSymbol('-')) return { kind: 'negate', operand: this.#signed() };
    return this.#operand();
  }

  #operand(): Expression {
    if (this.#tokens.takeSymbol('(')) {
      const inner = this.parse();
      this.#tokens.expectSymbol(')');
      return inner;
    }
    const first = this.#tokens.next();
    switch (first?.kind) {
      case 'string':
        return { kind: 'literal', value: first.text };
      case 'number':
        return { kind: 'literal', value: Number(first.text) };
      case 'word':
        return this.#named(first.text);
      default: {
        const what = unsupportedSymbols[first?.text ?? ''];
        if (what !== undefined) throw this.#unsupported(`'${first?.text}' (${what})`);
        throw this.#tokens.unexpected(first, 'a path, a function or a literal');
      }
    }
  }

  #named(word: string): Expression {
    const keyword = word.toUpperCase();
    if (unsupportedWords.includes(keyword)) throw this.#unsupported(keyword);
    if (reservedWords.includes(keyword)) {
      throw this.#fail(`has ${keyword} where a path, a function or a literal is expected`);
    }
    if (this.#tokens.takeSymbol('(')) return this.#call(word);
    const literal = literals[keyword];
    if (literal !== undefined) return { kind: 'literal', value: literal };
    const path = [word];
    while (this.#tokens.takeSymbol('.')) {
      const key = this.#tokens.next();
      if (key?.kind !== 'word') throw this.#tokens.unexpected(key, 'a key');
      path.push(key.text);
    }
    if (this.#tokens.takeSymbol('[')) throw this.#unsupported(`'[' (${unsupportedSymbols['[']})`);
    return { kind: 'path', path };
  }

  /** The parenthesis is taken. */
  #call(name: string): Expression {
    const called = findRuleFunction(name);
    if (called === undefined) {
      const known = ruleFunctions.map((one) => `${one.name}()`).join(', ');
      throw this.#fail(`calls ${name}(), which is not supported; supported are ${known}`);
    }
    const given: Expression[] = [];
    if (!this.#tokens.takeSymbol(')')) {
      do given.push(this.#argument());
      while (this.#tokens.takeSymbol(','));
      this.#tokens.expectSymbol(')');
    }
    const { minArguments, maxArguments } = called;
    if (given.length < minArguments || given.length > maxArguments) {
      const wanted = minArguments === maxArguments ? `${minArguments}` : `${minArguments} to ${maxArguments}`;
      throw this.#fail(`calls ${called.name}() with ${given.length} arguments instead of ${wanted}`);
    }
    return { kind: 'call', function: called, arguments: given };
  }

  #argument(): Expression {
    return this.#tokens.takeSymbol('*') ? { kind: 'payload' } : this.parse();
  }

  #unsupported(construct: string): Error {
    return this.#fail(`has ${construct}, which is not supported`);
  }
}
