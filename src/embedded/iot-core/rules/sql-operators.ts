export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>=';
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';

/**
 * The operators of AWS IoT SQL 2016-03-23 over what JSON.parse makes: `undefined` is its Undefined, and a number without
 * a fraction is its Int.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-operators.html
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-data-types.html
 */
export function and(left: unknown, right: unknown): boolean | undefined {
  const [a, b] = [toBoolean(left), toBoolean(right)];
  return a === undefined || b === undefined ? undefined : a && b;
}

export function or(left: unknown, right: unknown): boolean | undefined {
  const [a, b] = [toBoolean(left), toBoolean(right)];
  return a === undefined || b === undefined ? undefined : a || b;
}

export function not(operand: unknown): boolean | undefined {
  const value = toBoolean(operand);
  return value === undefined ? undefined : !value;
}

export function compare(operator: ComparisonOperator, left: unknown, right: unknown): boolean | undefined {
  if (operator === '=' || operator === '<>') {
    if (left === undefined || right === undefined) return undefined;
    return isEqual(left, right) === (operator === '=');
  }
  const [a, b] = [toDecimal(left), toDecimal(right)];
  if (a === undefined || b === undefined) return undefined;
  switch (operator) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}

export function compute(
  operator: ArithmeticOperator,
  left: unknown,
  right: unknown,
): number | string | undefined {
  switch (operator) {
    case '+':
      return add(left, right);
    case '-':
      return ofDecimals(left, right, (a, b) => a - b);
    case '*':
      return ofDecimals(left, right, (a, b) => a * b);
    case '/':
      // Of two Ints it is an Int; that it is cut off, not rounded, is not documented.
      return ofDecimals(left, right, (a, b) =>
        Number.isInteger(left) && Number.isInteger(right) ? Math.trunc(a / b) : a / b,
      );
    case '%':
      return remainder(left, right);
  }
}

export function remainder(left: unknown, right: unknown): number | undefined {
  return ofDecimals(left, right, (a, b) => a % b);
}

export function negate(operand: unknown): number | undefined {
  const value = toDecimal(operand);
  return value === undefined ? undefined : -value;
}

/** With a String on either side it appends: the other side is written as JSON. */
function add(left: unknown, right: unknown): number | string | undefined {
  if (typeof left !== 'string' && typeof right !== 'string') {
    return typeof left === 'number' && typeof right === 'number' ? left + right : undefined;
  }
  return toText(left) + toText(right);
}

/** Undefined alone is written as an empty string. */
function toText(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Division by zero and what is past a double have no value that JSON could carry. */
function ofDecimals(
  left: unknown,
  right: unknown,
  operation: (a: number, b: number) => number,
): number | undefined {
  const [a, b] = [toDecimal(left), toDecimal(right)];
  if (a === undefined || b === undefined) return undefined;
  const value = operation(a, b);
  return Number.isFinite(value) ? value : undefined;
}

const decimal = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/;

function toDecimal(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && decimal.test(value) ? Number(value) : undefined;
}

function toBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  const text = value.toLowerCase();
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

/** Of one type and the same; the order of an object's keys does not count. */
function isEqual(left: unknown, right: unknown): boolean {
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) {
    return left === right;
  }
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const [a, b] = [Object.entries(left), new Map(Object.entries(right))];
  return a.length === b.size && a.every(([key, value]) => b.has(key) && isEqual(value, b.get(key)));
}
