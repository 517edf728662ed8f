import { isPolicyVariable, policyVariables } from './policy-variables.ts';

/** The value of a variable; undefined: this client has none. */
export type LookUp = (variable: string) => string | undefined;

/** A resource of a policy: text with wildcards (`*` any characters, `?` exactly one) and variables (`${iot:ClientId}`). */
export interface Pattern {
  /** @returns undefined where a variable has no value */
  matches(text: string, lookUp: LookUp): boolean | undefined;
}

/** `${…}`: a variable, or `*`, `?` and `$` as themselves. */
const reference = /\$\{([^}]*)\}/;
const literals: readonly string[] = ['*', '?', '$'];

const anyText = Symbol('*');
const anyCharacter = Symbol('?');
/** A character (code point), or a wildcard. */
type Token = string | typeof anyText | typeof anyCharacter;

/**
 * @returns an error's text where the pattern names a variable that is not supported
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
  const tokensOf = (part: string, i: number): readonly Token[] => (i % 2 === 1 ? [...part] : wildcards(part));
  if (!parts.some(isVariable)) {
    const tokens = parts.flatMap(tokensOf);
    return { matches: (candidate) => matchesTokens(tokens, candidate) };
  }
  return {
    matches(candidate, lookUp) {
      const tokens: Token[] = [];
      for (const [i, part] of parts.entries()) {
        const value = isVariable(part, i) ? lookUp(part) : undefined;
        // A statement with a variable that has no value does not apply to this client.
        if (isVariable(part, i) && value === undefined) return undefined;
        tokens.push(...(value ?? tokensOf(part, i)));
      }
      return matchesTokens(tokens, candidate);
    },
  };
}

export interface ActionPattern {
  matches(action: string): boolean;
}

/** An action of a policy: wildcards, no variables, and case does not matter. */
export function parseActionPattern(text: string): ActionPattern {
  const tokens = wildcards(text.toLowerCase());
  return { matches: (action) => matchesTokens(tokens, action.toLowerCase()) };
}

function wildcards(text: string): readonly Token[] {
  return [...text].map((character) =>
    character === '*' ? anyText : character === '?' ? anyCharacter : character,
  );
}

/**
 * Whether the whole text matches. After a mismatch only the last `*` takes one character more: what an earlier one took
 * can stay, because the last one may take whatever the earlier would have. At most tokens × characters steps, where a
 * regular expression needs exponentially many.
 */
function matchesTokens(tokens: readonly Token[], text: string): boolean {
  const characters = [...text];
  let token = 0;
  let at = 0;
  let afterStar = -1;
  let starEnd = 0;
  while (at < characters.length) {
    const wanted = tokens[token];
    if (wanted === anyText) {
      afterStar = ++token;
      starEnd = at;
    } else if (wanted === anyCharacter || wanted === characters[at]) {
      token++;
      at++;
    } else if (afterStar >= 0) {
      token = afterStar;
      at = ++starEnd;
    } else {
      return false;
    }
  }
  while (tokens[token] === anyText) token++;
  return token === tokens.length;
}
