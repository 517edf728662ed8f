import type { Expression } from './expression.ts';
import { maxRecordBytes, type RecordBuffer } from './record-buffer.ts';
import type { Statement } from './sql.ts';
import type { PublishContext } from './sql-functions.ts';
import { and, compare, compute, negate, not, or } from './sql-operators.ts';

/**
 * `filtered`: WHERE is not true of it. `notJson`: the rule means nothing in the message. `tooLarge`: for the queue, or nested too
 * deeply to be written again.
 */
export type Evaluation = 'selected' | 'filtered' | 'notJson' | 'tooLarge';

/** @param message what JSON.parse makes of the payload; undefined where the statement does not read it */
type Compiled = (message: unknown, context: EvaluationContext) => unknown;

export interface EvaluationContext extends PublishContext {
  readonly payload: Buffer;
}

/** A whole statement: over JSON.parse, or over any bytes where it names nothing in them. */
export class StatementEvaluator {
  readonly #selectsAll: boolean;
  readonly #columns: readonly { readonly alias: string; readonly value: Compiled }[];
  readonly #where: Compiled | undefined;
  readonly #readsJson: boolean;

  constructor({ selectsAll, select, where }: Statement) {
    this.#selectsAll = selectsAll;
    this.#columns = select.map(({ alias, expression }) => ({ alias, value: compile(expression) }));
    this.#where = where === undefined ? undefined : compile(where);
    this.#readsJson =
      selectsAll ||
      select.some(({ expression }) => readsJson(expression)) ||
      (where !== undefined && readsJson(where));
  }

  evaluate(context: EvaluationContext, out: RecordBuffer): Evaluation {
    try {
      return this.#evaluate(context, out);
    } catch (error) {
      // JSON.parse reads what is nested deeper than JSON.stringify can write.
      if (error instanceof RangeError) return 'tooLarge';
      throw error;
    }
  }

  #evaluate(context: EvaluationContext, out: RecordBuffer): Evaluation {
    let message: unknown;
    try {
      // What reads no JSON names works on any payload.
      if (this.#readsJson) message = JSON.parse(context.payload.toString());
    } catch {
      return 'notJson';
    }
    // "true" is true, as an operand of AND is.
    if (this.#where !== undefined && and(this.#where(message, context), true) !== true) return 'filtered';
    const record = Buffer.from(this.#select(message, context));
    if (record.length > maxRecordBytes) return 'tooLarge';
    out.length = record.copy(out.bytes);
    return 'selected';
  }

  #select(message: unknown, context: EvaluationContext): string {
    // What is no object has no members to add to: `*` alone is the message itself.
    if (this.#selectsAll && this.#columns.length === 0) return JSON.stringify(message);
    const members = new Map<string, unknown>(
      this.#selectsAll && isObject(message) ? Object.entries(message) : [],
    );
    for (const { alias, value } of this.#columns) {
      const selected = value(message, context);
      if (selected !== undefined) members.set(alias, selected);
    }
    // By hand, for a key may be `__proto__`.
    const written = [...members].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
    return `{${written.join(',')}}`;
  }
}

function compile(expression: Expression): Compiled {
  switch (expression.kind) {
    case 'path':
      return (message) => valueAt(message, expression.path);
    case 'literal':
      return () => expression.value;
    case 'payload':
      return (_message, { payload }) => payload;
    case 'call': {
      const values = expression.arguments.map(compile);
      return (message, context) =>
        expression.function.apply(
          context,
          values.map((value) => value(message, context)),
        );
    }
    case 'arithmetic':
      return ofBoth(expression, (left, right) => compute(expression.operator, left, right));
    case 'comparison':
      return ofBoth(expression, (left, right) => compare(expression.operator, left, right));
    case 'and':
      return ofBoth(expression, and);
    case 'or':
      return ofBoth(expression, or);
    case 'not':
    case 'negate': {
      const operand = compile(expression.operand);
      const apply = expression.kind === 'not' ? not : negate;
      return (message, context) => apply(operand(message, context));
    }
  }
}

function readsJson(expression: Expression): boolean {
  switch (expression.kind) {
    case 'path':
      return true;
    case 'literal':
    case 'payload':
      return false;
    case 'call':
      return expression.arguments.some(readsJson);
    case 'not':
    case 'negate':
      return readsJson(expression.operand);
    default:
      return readsJson(expression.left) || readsJson(expression.right);
  }
}

function ofBoth(
  sides: { readonly left: Expression; readonly right: Expression },
  apply: (left: unknown, right: unknown) => unknown,
): Compiled {
  const [left, right] = [compile(sides.left), compile(sides.right)];
  return (message, context) => apply(left(message, context), right(message, context));
}

function valueAt(message: unknown, path: readonly string[]): unknown {
  let value = message;
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
