import { sumBy } from '../shared/counts.ts';
import type { LegTotals } from './leg-totals.ts';
import type { DeviceCounts } from './slice-result.ts';

/** Of all legs of a slice. */
export function attemptsOf(
  legs: readonly LegTotals[] = [],
): Pick<DeviceCounts, 'connectFailed' | 'reconnects'> {
  // A leg that left nothing is a hole in the list.
  const known = legs.flat();
  return {
    connectFailed: sumBy(known, ({ devices }) => devices.connectFailed),
    reconnects: sumBy(known, ({ devices }) => devices.reconnects),
  };
}

/** Of the leg that was latest; null where none left a record. */
export function startLagOf(legs: readonly LegTotals[] | undefined): number | null {
  return legs === undefined ? null : Math.max(...legs.flatMap(({ startLagMs }) => startLagMs));
}
