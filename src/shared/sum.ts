/** Σ of a figure of each. */
export function sumBy<T>(items: readonly T[], figureOf: (item: T, index: number) => number): number {
  return items.reduce((sum, item, index) => sum + figureOf(item, index), 0);
}
