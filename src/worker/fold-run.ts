import type { Foldable } from '../aws/run-folds.ts';
import type { RunStore } from '../aws/run-store.ts';
import { isFoldable, SliceFold } from '../measure/fold-slices.ts';
import { WindowFold } from '../measure/fold-windows.ts';
import { filesPerFold, foldEverySeconds, isFolded } from '../plan/folds.ts';
import { ruleObserver } from '../plan/observers.ts';
import type { Plan } from '../plan/plan.ts';

/** Files that are younger are left alone: what follows the run live reads them first. */
const leastAgeMs = 300_000;
/** A look at a run may take two minutes: what is not in a sum by then waits for the next. */
const atMostMs = 60_000;

export interface FoldDeps {
  readonly store: Pick<RunStore, 'folds'>;
  /** Epoch milliseconds. */
  now(): number;
}

/** What is folded of a run's files: how many, in one look. */
export interface Folded {
  readonly windows: number;
  readonly slices: number;
}

/**
 * Folds the files of a long run that are some minutes old, where it is time to. It may end at any point and be repeated, even while it goes on
 * somewhere else.
 */
export async function foldRun(plan: Plan, { store, now }: FoldDeps): Promise<Folded> {
  if (!isFolded(plan)) return { windows: 0, slices: 0 };
  const { windows, slices } = store.folds;
  const ofRule = { runId: plan.runId, observer: ruleObserver };
  return {
    windows: await foldFiles(plan, now, windows, () => {
      const fold = new WindowFold();
      return {
        add: (window) => fold.add(window),
        end: (number) => (fold.count === 0 ? undefined : fold.window(ofRule, number)),
        count: () => fold.count,
      };
    }),
    slices: await foldFiles(plan, now, slices, () => {
      const fold = new SliceFold(plan);
      return {
        add: (result) => isFoldable(result) && fold.add(result),
        end: (number) => (fold.count === 0 ? undefined : fold.slices(number)),
        count: () => fold.count,
      };
    }),
  };
}

interface Sum<File, Fold> {
  /** @returns false for a file that is left as it is */
  add(file: File): boolean;
  /** Undefined: it has no file. */
  end(number: number): Fold | undefined;
  count(): number;
}

/** @returns how many files are in the sum that was stored */
async function foldFiles<File, Fold>(
  plan: Plan,
  now: () => number,
  foldable: Foldable<File, Fold>,
  makeSum: () => Sum<File, Fold>,
): Promise<number> {
  const { runId, timeline } = plan;
  const startedAt = now();
  const isDue = (lastAt: number) => startedAt - lastAt >= foldEverySeconds(plan) * 1_000;
  if (!isDue(timeline.startAt) || !isDue((await foldable.lastAt(runId)) ?? timeline.startAt)) return 0;
  const { files, next } = await foldable.unfolded(runId, startedAt);
  const keys = files
    .filter(({ at }) => at <= startedAt - leastAgeMs)
    .toSorted((a, b) => a.at - b.at)
    .slice(0, filesPerFold)
    .map(({ key }) => key);
  const sum = makeSum();
  for await (const file of foldable.read(runId, keys)) {
    sum.add(file);
    if (now() - startedAt >= atMostMs) break;
  }
  const fold = sum.end(next);
  return fold !== undefined && (await foldable.put(fold)) ? sum.count() : 0;
}
