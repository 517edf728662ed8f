/**
 * Tables of a standardised distribution t, which netem reads: it draws a delay as μ + σ t / 8192, with t from a random place of the table.
 * @see https://man7.org/linux/man-pages/man8/tc-netem.8.html and `tabledist` in net/sched/sch_netem.c of Linux
 */
const scale = 8_192;
/** As many as netem's own tables have. */
const entries = 4_096;

/** σ of each table, in units of what makes its range: a table's values are 16 bits, so at most 4 σ. */
export const spreadOf = {
  /** t from −1 to 1: σ is half the range. */
  uniform: 1,
  /** t to 9 means: σ is twice the mean. */
  exponential: 2,
  /** t is standard normal: σ is the standard deviation. */
  normal: 1,
} as const;

export type DelayTable = keyof typeof spreadOf;

const quantiles: Readonly<Record<DelayTable, (share: number) => number>> = {
  uniform: (share) => 2 * share - 1,
  exponential: (share) => (-Math.log(1 - share) - 1) / spreadOf.exponential,
  normal: normalQuantile,
};

/** By the name that `distribution` takes: the text of its file, `uniform.dist`, which `tc` finds in the directory `TC_LIB_DIR`. */
export function delayTables(): Readonly<Record<DelayTable, string>> {
  return { uniform: textOf('uniform'), exponential: textOf('exponential'), normal: textOf('normal') };
}

/** The values of a table, each as likely. */
export function delayTable(name: DelayTable): number[] {
  return Array.from({ length: entries }, (_, i) =>
    Math.round(scale * quantiles[name]((i + 0.5) / entries)),
  ).map((value) => Math.max(-32_768, Math.min(32_767, value)));
}

function textOf(name: DelayTable): string {
  return `${delayTable(name)
    .join(' ')
    .replaceAll(/((?:\S+ ){8})/g, '$1\n')}\n`;
}

/** Inverse of the standard normal distribution, by bisection of Φ: to 10⁻⁹ of its argument. */
function normalQuantile(share: number): number {
  let [low, high] = [-8, 8];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Φ(z) by its series about 0: Φ(z) = ½ + φ(z) (z + z³/3 + z⁵/(3·5) + …). */
function normalShare(z: number): number {
  let [term, sum] = [z, z];
  for (let n = 3; Math.abs(term) > 1e-17 && n < 400; n += 2) {
    term *= (z * z) / n;
    sum += term;
  }
  return 0.5 + (sum * Math.exp(-(z * z) / 2)) / Math.sqrt(2 * Math.PI);
}
