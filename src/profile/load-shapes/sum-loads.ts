import type { ResolvedLoad } from './load-shape.ts';

type Rates = Pick<ResolvedLoad, 'startRatePerSecond' | 'stages'>;

/** A stage that lasts, between its instants. */
interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly startPerSecond: number;
  readonly endPerSecond: number;
}

/**
 * The load that several loads make together, all beginning at once: its rate at each instant is the sum of theirs. A jump is a stage
 * that lasts no time. A load that is over adds nothing.
 */
export function sumLoads(loads: readonly Rates[]): Rates {
  const [only, ...more] = loads;
  if (only !== undefined && more.length === 0)
    return { startRatePerSecond: only.startRatePerSecond, stages: only.stages };
  const all = loads.map(stretchesOf);
  const instants = [...new Set(all.flat().flatMap(({ fromMs, toMs }) => [fromMs, toMs]))].sort(
    (a, b) => a - b,
  );
  const stages: { durationMs: number; targetPerSecond: number }[] = [];
  let startRatePerSecond: number | undefined;
  let reached = 0;
  for (const [i, toMs] of instants.slice(1).entries()) {
    const fromMs = instants[i]!;
    const under = all.flatMap(
      (stretches) => stretches.find((each) => each.fromMs <= fromMs && each.toMs >= toMs) ?? [],
    );
    const from = sumAt(under, fromMs);
    const to = sumAt(under, toMs);
    startRatePerSecond ??= from;
    if (i > 0 && from !== reached) stages.push({ durationMs: 0, targetPerSecond: from });
    stages.push({ durationMs: toMs - fromMs, targetPerSecond: to });
    reached = to;
  }
  return { startRatePerSecond: startRatePerSecond ?? 0, stages };
}

function stretchesOf({ startRatePerSecond, stages }: Rates): Stretch[] {
  let fromMs = 0;
  let startPerSecond = startRatePerSecond;
  return stages.flatMap(({ durationMs, targetPerSecond }) => {
    const stretch = { fromMs, toMs: fromMs + durationMs, startPerSecond, endPerSecond: targetPerSecond };
    fromMs = stretch.toMs;
    startPerSecond = targetPerSecond;
    return durationMs > 0 ? [stretch] : [];
  });
}

function sumAt(stretches: readonly Stretch[], atMs: number): number {
  return stretches.reduce((sum, { fromMs, toMs, startPerSecond, endPerSecond }) => {
    // Its own ends are exact.
    if (atMs === fromMs) return sum + startPerSecond;
    if (atMs === toMs) return sum + endPerSecond;
    return sum + startPerSecond + ((endPerSecond - startPerSecond) * (atMs - fromMs)) / (toMs - fromMs);
  }, 0);
}
