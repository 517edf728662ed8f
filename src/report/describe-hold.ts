import { courseOf } from '../plan/search/course.ts';
import { formatLevel } from '../plan/search/format-level.ts';
import type { BrokenObjective, HoldOutcome, JudgedHold } from '../plan/search/judged-hold.ts';
import type { SearchSettings } from '../profile/search.ts';
import { thresholdMetricOf } from '../profile/threshold-metrics.ts';
import { formatElapsed, formatValue, joinWords } from '../shared/format.ts';
import { shownLatencyOf } from './search-text.ts';

/** A hold of a search that goes on, as texts. */
export interface HoldTexts {
  readonly step: number;
  readonly level: string;
  readonly outcome: HoldOutcome;
  /** `end_to_end_latency p(99) 231 ms ≥ 200`, `p99 31.4 ms`; sentences of a void hold. */
  readonly details: string;
  /** `next 1,050/s` */
  readonly next: string;
}

/** @param judged all holds up to the described one, in the order of their steps; at least one */
export function textsOfHold(settings: SearchSettings, judged: readonly JudgedHold[]): HoldTexts {
  const hold = judged.at(-1)!;
  const { step, level, outcome } = hold;
  return {
    step,
    level: formatLevel(settings.of, level),
    outcome,
    details: detailsOf(hold),
    next: describeNext(settings, judged),
  };
}

/** The same in a line: `hold 4: 1,100/s failed, end_to_end_latency p(99) 231 ms ≥ 200; next 1,050/s`. */
export function describeHold(settings: SearchSettings, judged: readonly JudgedHold[]): string {
  const { step, level, outcome, details, next } = textsOfHold(settings, judged);
  const what = `hold ${step}: ${level} ${outcome}`;
  if (outcome === 'void') return `${what}; ${next}. ${details}`;
  return `${what}${details === '' ? '' : `, ${details}`}; ${next}`;
}

function describeNext(settings: SearchSettings, judged: readonly JudgedHold[]): string {
  const next = courseOf(settings).next(judged);
  if ('ended' in next) return next.reason;
  return `next ${formatLevel(settings.of, next.level)}${next.repeats === undefined ? '' : ' again'}`;
}

function detailsOf(hold: JudgedHold): string {
  const { outcome, broke, voidBecause = [], figures, objectiveMs } = hold;
  if (outcome === 'void') return voidBecause.map(({ sentence }) => sentence).join(' ');
  if (outcome === 'failed') return joinWords(broke.map(describeBroken));
  if (typeof objectiveMs === 'number') return formatElapsed(objectiveMs);
  const latency = shownLatencyOf({ steps: [hold] });
  const p99 = latency === undefined ? undefined : figures.latencyMs[latency]?.p99;
  return p99 === undefined ? '' : `p99 ${formatElapsed(p99)}`;
}

const opposites: Readonly<Record<string, string>> = {
  '<': '≥',
  '<=': '>',
  '>': '≤',
  '>=': '<',
  '==': '≠',
  '===': '≠',
  '!=': '=',
};

/** `end_to_end_latency p(99) 231 ms ≥ 200 (quota publishInPerSecond)` */
function describeBroken({ metric, expression, actual, quota }: BrokenObjective): string {
  const [, aggregation = '', operator = '', bound = ''] =
    /^(.*?)(<=|>=|===?|!=|<|>)(.*)$/.exec(expression) ?? [];
  const refused = quota === undefined ? '' : ` (quota ${quota})`;
  const opposite = opposites[operator];
  if (actual === null || opposite === undefined) return `${metric} ${expression}${refused}`;
  const value =
    thresholdMetricOf(metric)?.kind === 'latency' && aggregation.trim() !== 'count'
      ? formatElapsed(actual)
      : formatValue(actual);
  return `${metric} ${aggregation.trim()} ${value} ${opposite} ${bound.trim()}${refused}`;
}
