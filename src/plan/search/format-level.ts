import type { SearchedQuantity } from '../../profile/search.ts';
import { formatPerSecond } from '../../shared/format.ts';

const formats: Readonly<Record<SearchedQuantity, (level: number) => string>> = { rate: formatPerSecond };

/** `14,250/s` */
export function formatLevel(of: SearchedQuantity, level: number): string {
  return formats[of](level);
}
