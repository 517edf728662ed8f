import type { InputError } from '../shared/errors.ts';
import { formatValue } from '../shared/format.ts';

/**
 * The most that a stack lets any run take, by parameters of its deployment. No execution input lifts them: they are no
 * part of the load profile, and `limits.enforce: false` does not reach them. `null` is no ceiling: they are stored as JSON.
 */
export interface Ceilings {
  /** Forecast cost of a run, US dollars. */
  readonly maxCostUsd: number | null;
  /** Virtual devices of a run. */
  readonly maxDevices: number | null;
  /** Highest planned rate of a run, publishes per second. */
  readonly maxMessagesPerSecond: number | null;
  /** Executions of the state machine that may run at once. */
  readonly maxConcurrentExecutions: number | null;
  /** Whether a profile may switch preflight's refusals off (`limits.enforce: false`, `--force`). */
  readonly allowForce: boolean;
}

/**
 * As serverless.yml has them: a test holds the two equal. Devices and rate are AWS IoT Core's default quotas of concurrent
 * connections and inbound publishes. One execution at a time, because every run's preflight counts on the whole account
 * quota.
 */
export const defaultCeilings: Ceilings = {
  maxCostUsd: 100,
  maxDevices: 500_000,
  maxMessagesPerSecond: 20_000,
  maxConcurrentExecutions: 1,
  allowForce: false,
};

/** The value of a stack's parameter that means no ceiling. */
const noCeiling = 'none';

/**
 * Of embedded AWS unless its user sets them: nothing is charged there, and who starts it also owns it.
 * As parameters of the stack.
 */
export const liftedCeilings = {
  maxCostUsd: noCeiling,
  maxDevices: noCeiling,
  maxMessagesPerSecond: noCeiling,
  maxConcurrentExecutions: noCeiling,
  allowForce: 'true',
} as const satisfies Record<keyof Ceilings, string>;

/** In the order of the table in docs/deploy.md. */
export const ceilingNames = Object.keys(liftedCeilings) as (keyof Ceilings)[];

/**
 * Reads the ceilings among a stack's parameters; each is the text that was given for it.
 * @returns undefined for a stack deployed before it had any
 * @throws Error that names the first parameter that is missing or has no meaning
 */
export function parseCeilings(values: Readonly<Record<string, unknown>>): Ceilings | undefined {
  if (!ceilingNames.some((name) => Object.hasOwn(values, name))) return undefined;
  const limit = (name: keyof Ceilings): number | null => {
    const text = Object.hasOwn(values, name) ? values[name] : undefined;
    if (text === noCeiling) return null;
    const value = typeof text === 'string' && /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (value > 0) return value;
    throw new Error(`${name} is neither a number above 0 nor ${noCeiling}: ${JSON.stringify(text)}`);
  };
  const { allowForce } = values;
  if (allowForce !== 'true' && allowForce !== 'false') {
    throw new Error(`allowForce is neither true nor false: ${JSON.stringify(allowForce)}`);
  }
  return {
    maxCostUsd: limit('maxCostUsd'),
    maxDevices: limit('maxDevices'),
    maxMessagesPerSecond: limit('maxMessagesPerSecond'),
    maxConcurrentExecutions: limit('maxConcurrentExecutions'),
    allowForce: allowForce === 'true',
  };
}

/** Too many executions run already. @param older those that started before this one */
export function refuseConcurrency(
  { maxConcurrentExecutions: most }: Ceilings,
  older: readonly string[],
): InputError[] {
  if (most === null || older.length < most) return [];
  const names = older.slice(0, 3).join(', ');
  return [
    {
      path: 'executions',
      message: `${older.length} of this stack’s runs ${older.length === 1 ? 'has' : 'have'} not ended (${names}${older.length > 3 ? ', …' : ''}), and it allows ${formatCeiling('maxConcurrentExecutions', most)} (its parameter maxConcurrentExecutions)`,
      hint: `start it again when a run has ended, or have the stack’s owner redeploy it with --param maxConcurrentExecutions=${most + 1}`,
    },
  ];
}

/** In one line: `$100 a run, 500,000 devices, 20,000 messages/s, 1 run at once, no --force`. */
export function describeCeilings({ allowForce, ...limits }: Ceilings): string {
  const parts = (Object.keys(limits) as (keyof typeof limits)[]).flatMap((name) => {
    const ceiling = limits[name];
    return ceiling === null ? [] : [formatCeiling(name, ceiling)];
  });
  if (!allowForce) parts.push('no --force');
  return parts.length === 0 ? noCeiling : parts.join(', ');
}

/** `$100 a run` */
export function formatCeiling(name: Exclude<keyof Ceilings, 'allowForce'>, value: number): string {
  // A ceiling below a cent must not read as $0, nor as the forecast above it.
  const count = formatValue(value);
  const texts = {
    maxCostUsd: `$${count} a run`,
    maxDevices: `${count} ${value === 1 ? 'device' : 'devices'}`,
    maxMessagesPerSecond: `${count} ${value === 1 ? 'message' : 'messages'}/s`,
    maxConcurrentExecutions: `${count} ${value === 1 ? 'run' : 'runs'} at once`,
  };
  return texts[name];
}
