import type { Check } from './truth.ts';

/** A kind of sentence, and what must be the case where it stands. */
export type Rule = readonly [pattern: RegExp, check: Check];

/** A count as a sentence has it: `1,234`. */
export const count = '(-?[\\d,]+)';

export function numberIn(text = ''): number {
  return Number(text.replaceAll(',', ''));
}

/** `0.83 ms` or `101 s`, in milliseconds. */
export const elapsed = '(-?[\\d.,]+ m?s)';

export function millisecondsIn(text = ''): number {
  return numberIn(/^-?[\d.,]+/.exec(text)?.[0]) * (text.endsWith(' ms') ? 1 : 1_000);
}

/** Whether a figure is another one as people are shown it: to three significant digits, or to a whole number. */
export function isAbout(stated: number, real: number): boolean {
  return Math.abs(stated - real) <= Math.max(0.5, 0.006 * Math.abs(real));
}

export const all =
  (...checks: readonly Check[]): Check =>
  (...given) =>
    checks.every((check) => check(...given));

/** A rule for a sentence that no correct report contains. */
export const never: Check = () => false;
