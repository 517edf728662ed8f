import type { RunLedger } from '../measure/run-ledger.ts';
import { sumBy } from '../shared/counts.ts';

/** Messages that were due at an observer and did not come, whatever the reason; 0: the run has no such observer. */
export function missedBy({ observers }: Pick<RunLedger, 'observers'>, observer: string): number {
  const seen = observers[observer];
  return seen === undefined ? 0 : seen.lost + seen.unaccounted;
}

/** Replies that devices sent, and that did not come to their backend. */
export function repliesMissed({ downlink = [] }: Pick<RunLedger, 'downlink'>): number {
  return sumBy(downlink, ({ replies }) =>
    replies === undefined ? 0 : Math.max(0, replies.sent - replies.replied - replies.late),
  );
}
