/** Ranks less their mean; equal values share the mean of theirs. */
export function centredRanks(values: readonly number[]): Float64Array {
  const order = values.map((_, i) => i).toSorted((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  const mean = (values.length - 1) / 2;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1]!] === values[order[from]!]) to++;
    for (let i = from; i <= to; i++) ranks[order[i]!] = (from + to) / 2 - mean;
    from = to + 1;
  }
  return ranks;
}
