import type { SearchStep } from '../judged-hold.ts';

/** What of a judged interval moves the level. */
export interface JudgedInterval extends Pick<SearchStep, 'level' | 'at' | 'holdUntil'> {
  /**
   * `kept`: the service was not overloaded. `late`: the metric is more than `overloadFactor` times the objective. `refused`: a threshold
   * broke, such as that on loss or throttles. `void`: the interval says nothing of the service.
   */
  readonly outcome: 'kept' | 'late' | 'refused' | 'void';
  /** Milliseconds; the least that it can be, where messages had not arrived yet. Null: it has no value. */
  readonly metric: number | null;
  /** Of what was sent, 0–1: neither refused nor lost. */
  readonly deliveredShare: number;
}

export type MeasuredInterval = JudgedInterval & { readonly metric: number };
