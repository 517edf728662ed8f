import { distance } from 'fastest-levenshtein';

/**
 * The known word nearest to a mistyped one, or undefined where none is near: at most a third of its letters wrong
 * (Levenshtein, case ignored), or one a part of the other (`rate` in `ratePerSecond`).
 */
export function nearestOf(word: string, known: Iterable<string>): string | undefined {
  const typed = word.toLowerCase();
  let nearest: string | undefined;
  let nearestCost = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const name = candidate.toLowerCase();
    const edits = distance(typed, name);
    const related = typed.length >= 3 && (name.includes(typed) || typed.includes(name));
    if (edits > Math.max(1, Math.floor(Math.max(typed.length, name.length) / 3)) && !related) continue;
    if (edits < nearestCost) {
      nearest = candidate;
      nearestCost = edits;
    }
  }
  return nearest;
}

/** `did you mean "devices"?`, or the whole list where nothing is near. */
export function suggestFrom(word: string, known: Iterable<string>, what: string): string {
  const words = [...known];
  const nearest = nearestOf(word, words);
  return nearest === undefined ? `${what}: ${words.join(', ')}` : `did you mean "${nearest}"?`;
}
