import { remainder } from './sql-operators.ts';

/** Properties of a message that a rule can use besides its payload. */
export interface PublishContext {
  readonly topic: string;
  /** Undefined: published over HTTP. */
  readonly clientId: string | undefined;
  /** The rules engine's clock, whole epoch milliseconds. */
  readonly nowMs: number;
  /** User properties of MQTT 5, in the message's order; undefined: it has none. */
  readonly userProperties?: readonly (readonly [name: string, value: string])[] | undefined;
}

/** A function of AWS IoT SQL; one called with arguments it cannot use is Undefined. */
export interface RuleFunction {
  readonly name: string;
  readonly minArguments: number;
  readonly maxArguments: number;
  apply(context: PublishContext, values: readonly unknown[]): unknown;
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-functions.html */
export const ruleFunctions: readonly RuleFunction[] = [
  {
    name: 'timestamp',
    minArguments: 0,
    maxArguments: 0,
    apply: ({ nowMs }) => nowMs,
  },
  {
    name: 'topic',
    minArguments: 0,
    maxArguments: 1,
    // The levels count from 1. An Undefined argument gives Undefined; the number of arguments distinguishes it from none.
    apply: ({ topic }, values) => {
      const name = withoutBasicIngest(topic);
      if (values.length === 0) return name;
      const [level] = values;
      return typeof level === 'number' ? name.split('/')[level - 1] : undefined;
    },
  },
  {
    name: 'clientid',
    minArguments: 0,
    maxArguments: 0,
    apply: ({ clientId }) => clientId ?? 'n/a',
  },
  {
    name: 'mod',
    minArguments: 2,
    maxArguments: 2,
    apply: (_context, [left, right]) => remainder(left, right),
  },
  {
    name: 'encode',
    minArguments: 2,
    maxArguments: 2,
    apply: (_context, [value, scheme]) =>
      Buffer.isBuffer(value) && scheme === 'base64' ? value.toString('base64') : undefined,
  },
  {
    name: 'substring',
    minArguments: 2,
    maxArguments: 3,
    apply: (_context, [text, start, end]) =>
      typeof text === 'string' && isWhole(start) && (end === undefined || isWhole(end))
        ? text.substring(start, end)
        : undefined,
  },
  {
    name: 'get_user_properties',
    minArguments: 1,
    maxArguments: 1,
    // All values of the name, in a list; a name that the message does not have gives Undefined.
    apply({ userProperties = [] }, [wanted]) {
      const values = userProperties.filter(([name]) => name === wanted).map(([, value]) => value);
      return values.length === 0 ? undefined : values;
    },
  },
];

export function findRuleFunction(name: string): RuleFunction | undefined {
  const wanted = name.toLowerCase();
  return ruleFunctions.find((known) => known.name === wanted);
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-basic-ingest.html: the prefix is no part of the topic. */
function withoutBasicIngest(topic: string): string {
  return topic.startsWith('$aws/rules/') ? topic.split('/').slice(3).join('/') : topic;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
