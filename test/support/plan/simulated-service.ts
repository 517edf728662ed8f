import { decideNext, isAnswer } from '../../../src/plan/search/decide-next.ts';
import type { HoldOutcome, JudgedHold } from '../../../src/plan/search/judged-hold.ts';
import type { SearchAnswer } from '../../../src/plan/search/search-answer.ts';
import type { CapacitySearch } from '../../../src/profile/search.ts';

export const capacitySearch: CapacitySearch = {
  kind: 'capacity',
  of: 'rate',
  from: 1_000,
  to: 8_000,
  method: 'ramp-then-bisect',
  settleMs: 1_000,
  holdMs: 3_000,
  precision: 0.05,
  confirm: 2,
};

const noFigures: JudgedHold['figures'] = {
  intended: 0,
  sent: 0,
  acked: 0,
  throttled: 0,
  failed: 0,
  dropped: 0,
  received: 0,
  lost: 0,
  notYetAccounted: 0,
  perSecond: 0,
  sentPerSecond: 0,
  latencyMs: {},
};

/** A hold of a step that follows those before it. */
export function holdOf(
  { level, repeats }: { readonly level: number; readonly repeats?: number },
  outcome: HoldOutcome,
  step: number,
): JudgedHold {
  const at = step * 5_000;
  return {
    step,
    level,
    ...(repeats !== undefined && { repeats }),
    at,
    holdFrom: at + 1_000,
    holdUntil: at + 4_000,
    outcome,
    broke: [],
    ...(outcome === 'void' && { voidBecause: [{ kind: 'generator', sentence: 'It was late.' }] }),
    figures: noFigures,
  };
}

/** Searches a service whose holds are judged by a function of the level and of the holds before. */
export function searchService(
  settings: CapacitySearch,
  judge: (level: number, before: readonly JudgedHold[]) => HoldOutcome,
): { readonly answer: SearchAnswer; readonly judged: readonly JudgedHold[] } {
  const judged: JudgedHold[] = [];
  for (;;) {
    const next = decideNext(settings, judged);
    if (isAnswer(next)) return { answer: next, judged };
    judged.push(holdOf(next, judge(next.level, judged), judged.length));
  }
}
