import type { HoldLedger } from '../measure/hold-record.ts';
import type { VoidReason } from '../plan/search/judged-hold.ts';
import { formatCount, formatShare } from '../shared/format.ts';
import { holdRatesOf } from './hold-figures.ts';
import type { Throttling } from './usage-model.ts';

/** What a hold was to offer by its level, and what it offered: messages, or turns of devices to connect again. */
export interface OfferedLoad {
  readonly due: number;
  readonly offered: number;
  /** In the busiest second. */
  readonly peakPerSecond: number;
  /** For a quota. */
  readonly refused: number;
  /** By which slices deviated from what the plan and its actions intend. */
  readonly offSchedule: number;
  readonly isOfMessages: boolean;
}

/** A slice that took a step later than the others, or not at all, changes the level by more than this share. */
const toleratedDeviation = 0.01;
/** A level was offered if at least this share of it was. */
export const leastOffered = 0.98;

/** @param isIdle devices only stay connected, which the level says how many are */
export function offeredLoadOf(hold: HoldLedger, throttling: Throttling, isIdle: boolean): OfferedLoad {
  const { messages, offSchedule, reconnects, step, devices } = hold;
  const seconds = (step.holdUntil - step.holdFrom) / 1_000;
  if (reconnects === undefined) {
    if (isIdle)
      return {
        due: step.level,
        offered: step.level,
        peakPerSecond: 0,
        refused: devices.connectFailed,
        offSchedule,
        isOfMessages: true,
      };
    const { meanPerSecond, peakPerSecond } = holdRatesOf(hold);
    const offered = meanPerSecond * seconds;
    const refused = throttling.publishes;
    return { due: messages.intended, offered, peakPerSecond, refused, offSchedule, isOfMessages: true };
  }
  const { due, made } = reconnects;
  const isRefused = throttling.refusals.some(({ quota }) => quota.startsWith('connect'));
  return {
    due,
    offered: made,
    // What fails is tried again, and the attempts of both are in one series.
    peakPerSecond: due / seconds,
    refused: isRefused ? devices.connectFailed : 0,
    offSchedule,
    isOfMessages: false,
  };
}

/** Why the level was no level; empty: it was one. */
export function whyNoLevel({ due, offSchedule, isOfMessages }: OfferedLoad): VoidReason[] {
  const what = isOfMessages ? 'message' : 'connect';
  if (due === 0)
    return [{ kind: 'no-data', sentence: `No ${what} was due in the hold: the level has too few.` }];
  if (offSchedule <= toleratedDeviation * due) return [];
  const sentence = `Slices followed the step late: ${formatShare(offSchedule / due)} of the ${what}s of the hold were due at other times than its level says.`;
  return [{ kind: 'generator', sentence }];
}

/** Of a search of connects: devices that had no connection to end when it was their turn, too many of them. */
export function whyNotOffered({ due, offered, isOfMessages }: OfferedLoad): VoidReason[] {
  if (isOfMessages || offered >= leastOffered * due) return [];
  const sentence = `${formatCount(due - offered)} of ${formatCount(due)} devices were not connected yet when they were to connect again.`;
  return [{ kind: 'dropped', sentence }];
}
