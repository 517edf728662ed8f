import type { HoldVerdict } from './judged-hold.ts';

/** What the holds of one level have shown. Void holds count for nothing. */
export interface LevelRecord {
  readonly level: number;
  /** Number of its first step. */
  readonly first: number;
  readonly passed: number;
  readonly failed: number;
  /** As the first hold was, until at least `confirm` holds, and more than have shown that, have shown the other outcome. */
  readonly passes: boolean;
  /** Whether `confirm` holds have shown the outcome. */
  readonly isConfirmed: boolean;
}

/** Between which levels the knee is. */
export interface Bracket {
  /** The highest level that passes below `breaks`. */
  readonly holds?: LevelRecord;
  /** The lowest level that fails. */
  readonly breaks?: LevelRecord;
}

/** @param confirm at least 1 */
export function bracketOf(judged: readonly HoldVerdict[], confirm: number): Bracket {
  const levels = [...Map.groupBy(judged, ({ level }) => level)].flatMap(([, holds]) =>
    recordOf(holds, confirm),
  );
  const breaks = levels.filter(({ passes }) => !passes).toSorted(byLevel)[0];
  const below = levels.filter(({ level, passes }) => passes && level < (breaks?.level ?? Infinity));
  const holds = below.toSorted(byLevel).at(-1);
  return { ...(holds && { holds }), ...(breaks && { breaks }) };
}

function byLevel(a: LevelRecord, b: LevelRecord): number {
  return a.level - b.level;
}

function recordOf(holds: readonly HoldVerdict[], confirm: number): LevelRecord[] {
  const counted = holds.filter(({ outcome }) => outcome !== 'void');
  const [first] = counted;
  if (first === undefined) return [];
  const passed = counted.filter(({ outcome }) => outcome === 'passed').length;
  const failed = counted.length - passed;
  const passes =
    first.outcome === 'passed' ? failed < confirm || passed >= failed : passed >= confirm && passed > failed;
  return [
    {
      level: first.level,
      first: holds[0]!.step,
      passed,
      failed,
      passes,
      isConfirmed: Math.max(passed, failed) >= confirm,
    },
  ];
}
