import type { RunLedger } from '../measure/run-ledger.ts';
import { busiestOf } from '../measure/stepped-series.ts';
import { sumOf } from '../shared/counts.ts';
import { formatCount, formatPlural, formatRate } from '../shared/format.ts';

/** Attempts of devices to connect over the whole run. */
export interface ConnectsReport {
  readonly attempts: number;
  readonly successes: number;
  /** Null where no device was connected. */
  readonly attemptsPerSuccess: number | null;
  /** In the busiest second of each. */
  readonly offeredPerSecond: number;
  readonly grantedPerSecond: number;
}

/** @returns undefined where devices keep no connections */
export function connectsReportOf({ connects }: Pick<RunLedger, 'connects'>): ConnectsReport | undefined {
  if (connects === undefined) return undefined;
  const { offered, granted } = connects;
  const attempts = sumOf(offered);
  const successes = sumOf(granted);
  return {
    attempts,
    successes,
    attemptsPerSuccess: successes === 0 ? null : attempts / successes,
    offeredPerSecond: busiestOf(connects, 'offered'),
    grantedPerSecond: busiestOf(connects, 'granted'),
  };
}

/** What to know of connects where devices came back; empty where none did. @param reconnects how often */
export function describeConnects(connects: ConnectsReport | undefined, reconnects: number): string[] {
  if (connects === undefined || reconnects === 0) return [];
  const { attempts, successes, attemptsPerSuccess, offeredPerSecond, grantedPerSecond } = connects;
  const each = attemptsPerSuccess === null ? '' : ` (${formatRate(attemptsPerSuccess)} each)`;
  return [
    `Devices made ${formatPlural(attempts, 'attempt')} for ${formatPlural(successes, 'connection')}${each}; in the busiest second ${formatCount(offeredPerSecond)} offered, ${formatCount(grantedPerSecond)} granted.`,
  ];
}
