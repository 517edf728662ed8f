import { writeInteger } from '../../../device/ascii.ts';
import { PathScanner } from './path-scanner.ts';
import { type Expression, parseRuleSql } from './sql.ts';

/** SQS takes no larger message. @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
export const maxRecordBytes = 262_144;

/** Where a rule writes its outgoing message: one buffer, overwritten by the next. */
export class RecordBuffer {
  readonly bytes = Buffer.allocUnsafeSlow(maxRecordBytes);
  /** Views by length: records of one fleet differ by a few digits. */
  readonly #views: (Buffer | undefined)[] = [];
  #length = 0;

  set length(bytes: number) {
    this.#length = bytes;
  }

  /** The record: a view, good until the next is written. */
  get body(): Buffer {
    const length = this.#length;
    if (length >= 1_024) return this.bytes.subarray(0, length);
    const known = this.#views[length];
    if (known !== undefined) return known;
    const view = this.bytes.subarray(0, length);
    this.#views[length] = view;
    return view;
  }
}

/** `notJson`: the paths of the rule mean nothing in the message. `tooLarge`: for the queue. */
export type Evaluation = 'selected' | 'notJson' | 'tooLarge';

interface Column {
  /** What stands before the value: the key and its colon. */
  readonly prefix: Buffer;
  /** Slot of the value's path; −1: the rules engine's clock. */
  readonly slot: number;
  readonly path: readonly string[];
}

const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * A rule, compiled. Its SELECT copies the values out of the message as they are written there; a path that the message
 * does not have is left out, as AWS leaves out what is Undefined.
 */
export class TopicRule {
  readonly name: string;
  /** Topic filter. */
  readonly from: string;
  readonly #columns: readonly Column[];
  readonly #scanner: PathScanner;

  /** @throws RuleSqlError */
  constructor(name: string, sql: string) {
    const { select, from } = parseRuleSql(sql);
    this.name = name;
    this.from = from;
    const paths: (readonly string[])[] = [];
    this.#columns = select.map(({ expression, alias }) => ({
      prefix: Buffer.from(`${JSON.stringify(alias)}:`),
      slot: expression.kind === 'path' ? paths.push(expression.path) - 1 : -1,
      path: pathOf(expression),
    }));
    this.#scanner = new PathScanner(paths);
  }

  /**
   * Writes the outgoing message for one incoming.
   * @param nowMs what `timestamp()` is, whole epoch milliseconds
   */
  evaluate(bytes: Buffer, start: number, end: number, nowMs: number, out: RecordBuffer): Evaluation {
    switch (this.#scanner.scan(bytes, start, end)) {
      case 'found':
        return this.#writeScanned(bytes, nowMs, out);
      case 'invalid':
        return 'notJson';
      case 'undecided':
        return this.#writeParsed(bytes.toString('utf8', start, end), nowMs, out);
    }
  }

  #writeScanned(bytes: Buffer, nowMs: number, out: RecordBuffer): Evaluation {
    const { starts, ends } = this.#scanner;
    const target = out.bytes;
    target[0] = openBrace;
    let at = 1;
    for (const { prefix, slot } of this.#columns) {
      const valueStart = slot === -1 ? 0 : starts[slot]!;
      if (valueStart === -1) continue;
      const valueBytes = slot === -1 ? 16 : ends[slot]! - valueStart;
      if (at + prefix.length + valueBytes + 2 > maxRecordBytes) return 'tooLarge';
      if (at > 1) target[at++] = comma;
      at = copy(prefix, 0, prefix.length, target, at);
      at =
        slot === -1
          ? writeInteger(target, at, nowMs)
          : copy(bytes, valueStart, valueStart + valueBytes, target, at);
    }
    target[at++] = closeBrace;
    out.length = at;
    return 'selected';
  }

  /** The plain way, for what the scanner leaves open. */
  #writeParsed(text: string, nowMs: number, out: RecordBuffer): Evaluation {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      return 'notJson';
    }
    const members: string[] = [];
    for (const { prefix, slot, path } of this.#columns) {
      const value = slot === -1 ? nowMs : valueAt(message, path);
      if (value !== undefined) members.push(`${prefix}${JSON.stringify(value)}`);
    }
    const record = Buffer.from(`{${members.join(',')}}`);
    if (record.length > maxRecordBytes) return 'tooLarge';
    out.length = record.copy(out.bytes);
    return 'selected';
  }
}

function pathOf(expression: Expression): readonly string[] {
  return expression.kind === 'path' ? expression.path : [];
}

function valueAt(message: unknown, path: readonly string[]): unknown {
  let value = message;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, key)) {
      return undefined;
    }
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value;
}

/** Values are short: a loop costs less than the call into native code. */
function copy(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  if (end - start > 64) {
    target.set(source.subarray(start, end), at);
    return at + end - start;
  }
  let to = at;
  for (let from = start; from < end; from++) target[to++] = source[from]!;
  return to;
}
