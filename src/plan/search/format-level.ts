import type { SearchedQuantity } from '../../profile/search.ts';
import { formatPerSecond, formatPlural } from '../../shared/format.ts';

interface LevelText {
  readonly format: (level: number) => string;
  /** Whether sentences take it for several things. */
  readonly isPlural: (level: number) => boolean;
}

const texts: Readonly<Record<SearchedQuantity, LevelText>> = {
  rate: { format: formatPerSecond, isPlural: () => false },
  devices: { format: (count) => formatPlural(count, 'device'), isPlural: (count) => count !== 1 },
  connects: {
    format: (perSecond) => `${formatPerSecond(perSecond).replace('/s', '')} connects/s`,
    isPlural: () => true,
  },
  users: { format: (count) => formatPlural(count, 'user'), isPlural: (count) => count !== 1 },
};

/** `14,250/s`, `500 users` */
export function formatLevel(of: SearchedQuantity, level: number): string {
  return texts[of].format(level);
}

const plurals = { breaks: 'break', fails: 'fail', passes: 'pass' } as const;

/** `14,250/s breaks`, `500 users break` */
export function levelThat(of: SearchedQuantity, level: number, verb: keyof typeof plurals): string {
  return `${formatLevel(of, level)} ${texts[of].isPlural(level) ? plurals[verb] : verb}`;
}
