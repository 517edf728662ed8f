import { formatLevel, levelThat } from '../../plan/search/format-level.ts';
import type { SearchStep } from '../../plan/search/judged-hold.ts';
import { answerNow } from '../../plan/search/search-answer.ts';
import { formatTimeLeft } from '../../shared/format.ts';
import type { Progress } from '../run/progress.ts';

/** What a search does now and between which levels its answer is; empty where the run does not search. */
export function searchProgressOf({ search, now }: Pick<Progress, 'search' | 'now'>): string[] {
  if (search === undefined) return [];
  const { settings, judged, step } = search;
  const { holds, breaks } =
    settings.kind === 'capacity' ? answerNow('stopped', judged, settings) : { holds: null, breaks: null };
  return [
    ...(step === undefined
      ? []
      : [`hold ${step.step}: ${formatLevel(settings.of, step.level)} ${describeStage(step, now)}`]),
    ...(holds === null ? [] : [levelThat(settings.of, holds, 'passes')]),
    ...(breaks === null ? [] : [levelThat(settings.of, breaks, 'fails')]),
  ];
}

function describeStage({ at, holdFrom, holdUntil }: SearchStep, now: number): string {
  if (now < at) return `in ${formatTimeLeft(at - now)}`;
  if (now < holdFrom) return `settles for ${formatTimeLeft(holdFrom - now)}`;
  return now < holdUntil ? `for ${formatTimeLeft(holdUntil - now)}` : 'is judged';
}
