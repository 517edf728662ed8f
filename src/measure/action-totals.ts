import type { LiveAction } from '../plan/actions/action.ts';
import type { AppliedAction, SliceResult } from './slice-result.ts';

/** How slices carried out one action. */
export interface ActionTotals {
  /** Slices that did. */
  readonly slices: number;
  /** Those of them that received it after its instant. */
  readonly learnedLate: number;
  /** From its instant until it took effect, milliseconds, ascending: one for each slice. */
  readonly latenessesMs: readonly number[];
}

/** An action: its number in the run store, or its place in the profile's timeline. */
export type ActionIdentity = Pick<AppliedAction, 'k' | 'planned'>;

/** What slices stored of the actions that they carried out. Slices come in any order. */
export class AppliedActions {
  readonly #byAction = new Map<string, Map<number, AppliedAction>>();

  addSlice({ slice, actions = [] }: Pick<SliceResult, 'slice' | 'actions'>): void {
    for (const applied of actions) {
      const key = keyOf(applied);
      const bySlice = this.#byAction.get(key) ?? new Map<number, AppliedAction>();
      this.#byAction.set(key, bySlice);
      // A later leg reads again what an earlier one has carried out.
      const before = bySlice.get(slice);
      if (before === undefined || applied.at < before.at) bySlice.set(slice, applied);
    }
  }

  /** Undefined: no slice carried it out. */
  totalsOf(identity: ActionIdentity, { at }: LiveAction): ActionTotals | undefined {
    const bySlice = this.#byAction.get(keyOf(identity));
    if (bySlice === undefined) return undefined;
    const all = [...bySlice.values()];
    return {
      slices: all.length,
      learnedLate: all.filter(({ isLate }) => isLate).length,
      // Timers may fire in the millisecond before.
      latenessesMs: all.map((applied) => Math.max(0, applied.at - at)).sort((a, b) => a - b),
    };
  }
}

function keyOf({ k, planned }: ActionIdentity): string {
  return k === undefined ? `planned ${planned}` : `${k}`;
}
