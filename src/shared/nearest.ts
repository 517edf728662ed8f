import { distance } from 'fastest-levenshtein';

/**
 * The known word nearest to a mistyped one, or undefined where none is near: at most a third of its letters wrong
 * (Levenshtein, case ignored; two neighbours swapped are one), or one a part of the other. A beginning (`rate` of `ratePerSecond`) is nearer than any
 * other part (`rate` of `startRate`), but not than a slip of one letter.
 */
export function nearestOf(word: string, known: Iterable<string>): string | undefined {
  const typed = word.toLowerCase();
  let nearest: string | undefined;
  let nearestCost = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const name = candidate.toLowerCase();
    const edits = isSwap(typed, name) ? 1 : distance(typed, name);
    const isPart = typed.length >= 3 && (name.includes(typed) || typed.includes(name));
    if (edits > Math.max(1, Math.floor(Math.max(typed.length, name.length) / 3)) && !isPart) continue;
    const isBeginning = isPart && name.startsWith(typed);
    const cost = isBeginning ? Math.min(edits, 1.5) : edits;
    if (cost < nearestCost) {
      nearest = candidate;
      nearestCost = cost;
    }
  }
  return nearest;
}

/** Words with the nearest to a mistyped one first, by the letters that differ. */
export function nearestFirst(word: string, known: Iterable<string>): string[] {
  const cost = (name: string) => distance(word.toLowerCase(), name.toLowerCase());
  return [...known].toSorted((a, b) => cost(a) - cost(b));
}

/** Whether words differ in two neighbours that are swapped, and in nothing else. */
function isSwap(typed: string, name: string): boolean {
  const at = [...name].findIndex((letter, i) => letter !== typed[i]);
  const swapped = `${name.slice(0, at)}${name[at + 1]}${name[at]}${name.slice(at + 2)}`;
  return at >= 0 && typed === swapped;
}

/** `did you mean "devices"?`, or the whole list where nothing is near. */
export function suggestFrom(word: string, known: Iterable<string>, what: string): string {
  const words = [...known];
  const nearest = nearestOf(word, words);
  return nearest === undefined ? `${what}: ${words.join(', ')}` : `did you mean "${nearest}"?`;
}
