/** What a rate becomes: the profile's own rate times a factor, whatever that is at each instant; or a constant rate, messages a second. */
export type RateChange = { readonly factor: number } | { readonly perSecond: number };

/** What is wrong with a text that is no rate. */
export interface NoRate {
  readonly message: string;
  readonly hint: string;
}

/** A change of an arrival rate that holds from an instant, counted from the beginning of publishing, until the next one. */
export type RateStep =
  | { readonly atMs: number; readonly factor: number }
  | { readonly atMs: number; readonly perSecond: number };

/** Far above what a run can send: only to catch slips of the keyboard. */
const mostFactor = 1_000;
const mostPerSecond = 10_000_000;

const hint = 'give a factor of the planned rate, such as "1.5x", or messages a second, such as 12000';

/**
 * A rate as users write it: `"1.5x"` is a factor, `"12000"` or 12000 are messages a second. Either may be 0.
 */
export function parseRate(given: string | number): RateChange | NoRate {
  const text = String(given).trim();
  const [, digits = '', times = ''] = /^(\d+(?:\.\d+)?|\.\d+)\s*(x?)$/i.exec(text) ?? [];
  const value = Number(digits);
  if (digits === '') return { message: `is no rate: ${text}`, hint };
  if (times !== '')
    return value <= mostFactor ? { factor: value } : { message: `is more than ${mostFactor} times`, hint };
  return value <= mostPerSecond
    ? { perSecond: value }
    : { message: `is more than ${mostPerSecond} messages a second`, hint };
}

/** Of a stored or announced action. Undefined: it is no change of rate. */
export function rateChangeOf(data: { readonly [setting: string]: unknown }): RateChange | undefined {
  const { factor, perSecond } = data;
  if (perSecond === undefined && isWithin(factor, mostFactor)) return { factor };
  if (factor === undefined && isWithin(perSecond, mostPerSecond)) return { perSecond };
  return undefined;
}

function isWithin(value: unknown, most: number): value is number {
  return typeof value === 'number' && value >= 0 && value <= most;
}
