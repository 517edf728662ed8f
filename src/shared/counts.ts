/** Σ. */
export function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

/** Σ of a figure of each. */
export function sumBy<T>(items: readonly T[], figureOf: (item: T, index: number) => number): number {
  return items.reduce((sum, item, index) => sum + figureOf(item, index), 0);
}

/** Two records of counts, added field by field. */
export function sumFields<Counts extends object>(a: Counts, b: Counts): Counts {
  const keys = Object.keys(a) as (keyof Counts)[];
  return Object.fromEntries(keys.map((key) => [key, Number(a[key]) + Number(b[key])])) as Counts;
}

/** A value for each of these names. */
export function ofEach<Name extends string, Value>(
  names: readonly Name[],
  make: (name: Name) => Value,
): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, Value>;
}
