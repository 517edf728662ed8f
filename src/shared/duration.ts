/**
 * Durations as k6 and Go write them: `30s`, `1m30s`, `1.5h`, `250ms`, `2d`. A bare number is refused, because it is
 * unclear whether it means seconds or milliseconds.
 * @see https://pkg.go.dev/time#ParseDuration
 */
const unitsMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

type Unit = keyof typeof unitsMs;

/** The whole grammar, anchored: also the `pattern` of the JSON Schema. `ms` stands before `m`, so that it wins. */
export const durationPattern = /^(?:\d+(?:\.\d+)?(?:ms|d|h|m|s))+$/;

const durationPart = /(\d+(?:\.\d+)?)(ms|d|h|m|s)/g;

/** Milliseconds, rounded to a whole one; undefined where the text is no duration. */
export function parseDuration(text: string): number | undefined {
  if (!durationPattern.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(durationPart))
    totalMs += Number(amount) * unitsMs[unit as Unit];
  return Math.round(totalMs);
}

/**
 * The shortest spelling that parses back to the same whole milliseconds: `90_000` → `1m30s`. `ms` is ≥ 0. Days are
 * read but never written: a run of 36 hours is clearer than one of a day and a half.
 */
export function formatDuration(ms: number): string {
  let restMs = Math.round(ms);
  if (restMs === 0) return '0s';
  let text = '';
  for (const unit of ['h', 'm', 's', 'ms'] as const) {
    const amount = Math.floor(restMs / unitsMs[unit]);
    restMs -= amount * unitsMs[unit];
    if (amount > 0) text += `${amount}${unit}`;
  }
  return text;
}
