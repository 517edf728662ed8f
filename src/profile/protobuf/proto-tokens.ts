/** A .proto text that cannot be read; the message names the line. */
export class ProtoError extends Error {}

export interface ProtoToken {
  readonly text: string;
  readonly line: number;
}

const token =
  /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|[A-Za-z_][A-Za-z0-9_]*|[0-9][A-Za-z0-9_.+-]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[{}[\]()<>=;,.+:/-]/y;
const skipped = /^(?:\s|\/\/|\/\*)/;

/** The tokens of a .proto text, one after the other. */
export class ProtoTokens {
  readonly #tokens: readonly ProtoToken[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  peek(ahead = 0): string | undefined {
    return this.#tokens[this.#at + ahead]?.text;
  }

  next(): string {
    const found = this.#tokens[this.#at];
    if (found === undefined) throw this.error('ends too early');
    this.#at++;
    return found.text;
  }

  take(text: string): boolean {
    if (this.peek() !== text) return false;
    this.#at++;
    return true;
  }

  expect(text: string): void {
    if (!this.take(text)) throw this.error(`has '${this.peek() ?? 'its end'}' where '${text}' is expected`);
  }

  name(): string {
    const text = this.next();
    if (/^[A-Za-z_]/.test(text)) return text;
    this.#at--;
    throw this.error(`has '${text}' where a name is expected`);
  }

  /** Names with points between and maybe before them. */
  fullName(): string {
    let name = this.take('.') ? '.' : '';
    name += this.name();
    while (this.take('.')) name += `.${this.name()}`;
    return name;
  }

  number(): number {
    const sign = this.take('-') ? -1 : 1;
    const text = this.next();
    const value = Number(text);
    if (Number.isSafeInteger(value)) return sign * value;
    this.#at--;
    throw this.error(`has '${text}' where a whole number is expected`);
  }

  /** Past the next `;`, or past the block that comes before it. */
  skipStatement(): void {
    for (;;) {
      const text = this.next();
      if (text === ';') return;
      if (text !== '{') continue;
      this.#skipBlock();
      return;
    }
  }

  error(message: string): ProtoError {
    const line = this.#tokens[Math.min(this.#at, this.#tokens.length - 1)]?.line ?? 1;
    return new ProtoError(`line ${line} ${message}`);
  }

  #skipBlock(): void {
    for (let depth = 1; depth > 0; ) {
      const text = this.next();
      if (text === '{') depth++;
      else if (text === '}') depth--;
    }
  }
}

function tokenize(text: string): ProtoToken[] {
  const tokens: ProtoToken[] = [];
  let line = 1;
  for (let at = 0; at < text.length; ) {
    token.lastIndex = at;
    const found = token.exec(text)?.[0];
    if (found === undefined) throw new ProtoError(`line ${line} has an unexpected '${text.charAt(at)}'`);
    if (!skipped.test(found)) tokens.push({ text: found, line });
    line += found.split('\n').length - 1;
    at += found.length;
  }
  return tokens;
}
