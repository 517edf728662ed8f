import type { HoldLedger } from '../measure/hold-record.ts';
import type { Plan } from '../plan/plan.ts';
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

export function offeredLoadOf(plan: Plan, hold: HoldLedger, throttling: Throttling): OfferedLoad {
  const { messages, offSchedule, reconnects, step, devices } = hold;
  const seconds = (step.holdUntil - step.holdFrom) / 1_000;
  const isRefused = throttling.refusals.some(({ quota }) => /^con(nect|current)/.test(quota));
  const refusedConnects = isRefused ? devices.connectFailed : 0;
  const ofDevices = plan.profile.search?.of === 'devices';
  // Devices that a quota keeps out cannot send, and say of the service what they are there for.
  if (ofDevices && (plan.load.messages === 0 || refusedConnects > 0)) {
    const due = Math.max(step.level, messages.intended);
    return { due, offered: due, peakPerSecond: 0, refused: refusedConnects, offSchedule, isOfMessages: true };
  }
  if (reconnects === undefined) {
    const { meanPerSecond, peakPerSecond } = holdRatesOf(hold);
    const offered = meanPerSecond * seconds;
    const refused = throttling.publishes;
    return { due: messages.intended, offered, peakPerSecond, refused, offSchedule, isOfMessages: true };
  }
  const { due, made } = reconnects;
  return {
    due,
    offered: made,
    // What fails is tried again, and the attempts of both are in one series.
    peakPerSecond: due / seconds,
    refused: refusedConnects,
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
