import { type Token, tokenize } from './sql-tokens.ts';

/** The tokens of a statement, one after the other. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  readonly #fail: (message: string) => Error;
  #at = 0;

  /** @param fail makes the error that is thrown, from what the SQL does wrong */
  constructor(sql: string, fail: (message: string) => Error) {
    const { tokens, unreadable } = tokenize(sql);
    if (unreadable !== undefined) throw fail(`has an unexpected '${unreadable}'`);
    this.#tokens = tokens;
    this.#fail = fail;
  }

  next(): Token | undefined {
    return this.#tokens[this.#at++];
  }

  takeSymbol(symbol: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'symbol' || token.text !== symbol) return false;
    this.#at++;
    return true;
  }

  /** @returns the one of the symbols that comes next, if any does */
  takeOneOf<Symbol extends string>(symbols: readonly Symbol[]): Symbol | undefined {
    return symbols.find((symbol) => this.takeSymbol(symbol));
  }

  takeWord(word: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word' || token.text.toUpperCase() !== word) return false;
    this.#at++;
    return true;
  }

  expectWord(word: string): void {
    if (!this.takeWord(word)) throw this.unexpected(this.next(), word);
  }

  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.unexpected(this.next(), `'${symbol}'`);
  }

  unexpected(found: Token | undefined, wanted: string): Error {
    return this.#fail(
      `has ${found === undefined ? 'its end' : `'${found.text}'`} where ${wanted} is expected`,
    );
  }
}
