/** One point of InfluxDB's line protocol. */
export interface LinePoint {
  readonly measurement: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly fields: ReadonlyMap<string, FieldValue>;
  /** In the precision of the write; undefined: the server's time. */
  readonly timestamp: bigint | undefined;
}

export type FieldValue = number | bigint | string | boolean;

/** What is wrong with a line, and which. */
export class LineProtocolError extends Error {
  readonly line: number;

  constructor(line: number, what: string) {
    super(what);
    this.name = 'LineProtocolError';
    this.line = line;
  }
}

/** @throws LineProtocolError at the first fault: InfluxDB then writes none of the lines */
export function parseLineProtocol(text: string): LinePoint[] {
  const scanner = new Scanner(text);
  const points: LinePoint[] = [];
  for (;;) {
    const point = scanner.nextPoint();
    if (point === undefined) return points;
    points.push(point);
  }
}

/**
 * measurement[,tag=value…] field=value[,field=value…] [timestamp]
 * Outside of string values a backslash keeps the next character from ending its token; inside it escapes `"` and itself.
 * @see https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
 */
class Scanner {
  readonly #text: string;
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  nextPoint(): LinePoint | undefined {
    this.#skipBlankAndComments();
    if (this.#at >= this.#text.length) return undefined;
    const measurement = this.#token(', ', 'measurement');
    const tags = new Map<string, string>();
    while (this.#take(',')) {
      const key = this.#token('=, ', 'tag key');
      if (!this.#take('=')) throw this.#error(`tag '${key}' has no value`);
      tags.set(key, this.#token(', ', `value of tag '${key}'`));
    }
    if (!this.#takeSpaces()) throw this.#error(`'${measurement}' has no fields`);
    const fields = new Map<string, FieldValue>();
    do {
      const key = this.#token('=, ', 'field key');
      if (!this.#take('=')) throw this.#error(`field '${key}' has no value`);
      fields.set(key, this.#fieldValue(key));
    } while (this.#take(','));
    const timestamp = this.#takeSpaces() ? this.#timestamp() : undefined;
    this.#takeSpaces();
    this.#take('\r');
    if (this.#at < this.#text.length && !this.#take('\n'))
      throw this.#error('something follows the timestamp');
    this.#line += 1;
    return { measurement, tags, fields, timestamp };
  }

  #skipBlankAndComments(): void {
    for (;;) {
      const character = this.#text[this.#at];
      if (character === '#') this.#skipLine();
      else if (character === '\n') this.#line += 1;
      else if (character !== ' ' && character !== '\r') return;
      this.#at += 1;
    }
  }

  #skipLine(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end === -1 ? this.#text.length : end;
    this.#line += 1;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #takeSpaces(): boolean {
    const start = this.#at;
    while (this.#text[this.#at] === ' ') this.#at += 1;
    return this.#at > start;
  }

  /** Up to one of the delimiters or the end of the line; backslashes before special characters are taken out. */
  #token(delimiters: string, what: string): string {
    let token = '';
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined || character === '\n' || delimiters.includes(character)) break;
      const next = this.#text[this.#at + 1];
      if (character === '\\' && next !== undefined && '=, \\'.includes(next)) {
        token += next;
        this.#at += 2;
      } else {
        token += character;
        this.#at += 1;
      }
    }
    if (token === '') throw this.#error(`${what} is empty`);
    return token;
  }

  #fieldValue(key: string): FieldValue {
    if (this.#take('"')) return this.#string(key);
    const raw = this.#token(', \r', `value of field '${key}'`);
    if (/^(t|T|true|True|TRUE)$/.test(raw)) return true;
    if (/^(f|F|false|False|FALSE)$/.test(raw)) return false;
    if (/^[+-]?\d+[iu]$/.test(raw)) return BigInt(raw.slice(0, -1));
    if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(raw)) return Number(raw);
    throw this.#error(`'${raw}' is no value for field '${key}'`);
  }

  #string(key: string): string {
    let value = '';
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined) throw this.#error(`the string of field '${key}' has no end`);
      const next = this.#text[this.#at + 1];
      if (character === '\\' && (next === '"' || next === '\\')) {
        value += next;
        this.#at += 2;
        continue;
      }
      this.#at += 1;
      if (character === '"') return value;
      if (character === '\n') this.#line += 1;
      value += character;
    }
  }

  #timestamp(): bigint | undefined {
    const match = /-?\d+/y;
    match.lastIndex = this.#at;
    const digits = match.exec(this.#text)?.[0];
    if (digits === undefined) {
      if (this.#text[this.#at] === undefined || '\r\n'.includes(this.#text[this.#at] as string))
        return undefined;
      throw this.#error('the timestamp is no integer');
    }
    this.#at += digits.length;
    return BigInt(digits);
  }

  #error(what: string): LineProtocolError {
    return new LineProtocolError(this.#line, `line ${this.#line}: ${what}`);
  }
}
