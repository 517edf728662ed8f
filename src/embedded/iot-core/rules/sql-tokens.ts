/** `word`: a keyword, key or function name, depending on its position. */
export interface Token {
  readonly kind: 'word' | 'string' | 'number' | 'symbol';
  /** Without the quotes of a string. */
  readonly text: string;
}

const patterns: readonly (readonly [kind: Token['kind'] | 'space', pattern: RegExp])[] = [
  ['space', /\s+/y],
  ['word', /[A-Za-z_][A-Za-z0-9_]*/y],
  ['number', /\d+(\.\d+)?([eE][+-]?\d+)?/y],
  ['string', /'[^']*'/y],
  ['symbol', /<=|>=|<>|[.,()*+\-/%=<>[\]{}:]/y],
];

/** @returns the tokens, or the first character that begins none */
export function tokenize(sql: string): { readonly tokens: readonly Token[]; readonly unreadable?: string } {
  const tokens: Token[] = [];
  let at = 0;
  scan: while (at < sql.length) {
    for (const [kind, pattern] of patterns) {
      pattern.lastIndex = at;
      const text = pattern.exec(sql)?.[0];
      if (text === undefined) continue;
      at += text.length;
      if (kind !== 'space') tokens.push({ kind, text: kind === 'string' ? text.slice(1, -1) : text });
      continue scan;
    }
    return { tokens, unreadable: sql.charAt(at) };
  }
  return { tokens };
}
