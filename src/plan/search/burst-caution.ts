import type { CapacitySearch } from '../../profile/search.ts';
import { formatDuration } from '../../shared/duration.ts';
import { formatQuantity, formatShare, joinWords } from '../../shared/format.ts';
import type { QuotaForecast } from '../quota-forecast.ts';

type LevelTimes = Pick<CapacitySearch, 'settleMs' | 'holdMs' | 'precision'>;

/**
 * Of a search whose levels are too short to find a quota to within its precision. A quota may let through a second's worth before it
 * refuses any, as those of embedded AWS do: a level that exceeds it by a share e uses that up in 1 / e seconds, and passes until then.
 * @param quotas at the search's highest level; a sentence names those that it exceeds
 * @returns a sentence, or nothing
 */
export function cautionOfBursts(search: LevelTimes, quotas: readonly QuotaForecast[]): string[] {
  const { settleMs, holdMs, precision } = search;
  const exceeded = quotas.filter(({ unit, peak, limit, isKept }) => unit === '/s' && peak > limit && !isKept);
  const lastsMs = settleMs + holdMs;
  const neededMs = Math.ceil(1 / precision) * 1_000;
  if (exceeded.length === 0 || lastsMs >= neededMs) return [];
  const limits = exceeded.map(({ name, limit, unit }) => `${formatQuantity(limit, unit)} of ${name}`);
  const enough = Math.ceil(100_000 / lastsMs) / 100;
  return [
    `The search may find ${joinWords(limits)} up to ${formatShare(1_000 / lastsMs)} too high: a quota may let through a second’s worth before it refuses any, and a level lasts ${formatDuration(lastsMs)} (settle and hold). To within ${formatShare(precision)} it has to last ${formatDuration(neededMs)}, such as with --hold ${formatDuration(neededMs - settleMs)}; ${formatDuration(lastsMs)} are enough for --precision ${enough}.`,
  ];
}
