import { isPolicyVariable, policyVariables } from './policy-variables.ts';

/** What a variable stands for; undefined: this client has no such value. */
export type LookUp = (variable: string) => string | undefined;

/** A resource of a policy: text with wildcards (`*` any characters, `?` exactly one) and variables (`${iot:ClientId}`). */
export interface Pattern {
  /** @returns undefined where a variable has no value */
  matches(text: string, lookUp: LookUp): boolean | undefined;
}

/** `${…}`: a variable, or `*`, `?` and `$` as themselves. */
const reference = /\$\{([^}]*)\}/;
const literals: readonly string[] = ['*', '?', '$'];

/**
 * @returns a fault's text where the pattern names a variable that is not supported
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-variables.html
 */
export function parsePattern(text: string): Pattern | string {
  // Text, reference, text, reference, …: what `split` makes of a group.
  const parts = text.split(reference);
  const unknown = parts.find((part, i) => i % 2 === 1 && !literals.includes(part) && !isPolicyVariable(part));
  if (unknown !== undefined) {
    return `the variable \${${unknown}} is not supported; known are ${policyVariables.join(', ')}`;
  }
  const isVariable = (part: string, i: number): boolean => i % 2 === 1 && !literals.includes(part);
  const source = (part: string, i: number): string => (i % 2 === 1 ? escaped(part) : wildcards(part));
  if (!parts.some(isVariable)) {
    const whole = new RegExp(`^${parts.map(source).join('')}$`, 's');
    return { matches: (candidate) => whole.test(candidate) };
  }
  return {
    matches(candidate, lookUp) {
      const sources: string[] = [];
      for (const [i, part] of parts.entries()) {
        const value = isVariable(part, i) ? lookUp(part) : undefined;
        // A variable without a value makes the statement one that does not speak of this client.
        if (isVariable(part, i) && value === undefined) return undefined;
        sources.push(value === undefined ? source(part, i) : escaped(value));
      }
      return new RegExp(`^${sources.join('')}$`, 's').test(candidate);
    },
  };
}

/** An action of a policy: wildcards, no variables, and case does not matter. */
export function parseActionPattern(text: string): RegExp {
  return new RegExp(`^${wildcards(text)}$`, 'is');
}

function wildcards(text: string): string {
  return text
    .split(/([*?])/)
    .map((part) => (part === '*' ? '.*' : part === '?' ? '.' : escaped(part)))
    .join('');
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
