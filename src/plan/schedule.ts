import { connectsEachMessage } from '../profile/lifecycle-kinds.ts';
import type { LoadProfile } from '../profile/load-profile.ts';

import { meanMsOf } from '../profile/time-distribution.ts';
import { amendRate } from './amended-rate.ts';

import type { DeviceTurns } from './device-turns.ts';
import type { Slice } from './plan.ts';
import { makePlannedRate } from './planned-rate.ts';
import { amendTimes } from './schedules/amended-times.ts';
import { type ArrivalTimes, arrivalTimesOf } from './schedules/arrival-kinds.ts';
import { blockStoreOf } from './schedules/block-cache.ts';
import { firstPlace } from './schedules/reordered-schedule.ts';

/** When each thing of one slice is meant to happen. Pure in its results: any call, in any order, gives the same. */
export interface SliceSchedule {
  /** Publishes of the slice: n = 0 … messages − 1. */
  readonly messages: number;
  /**
   * Intended time of publish n, milliseconds after `timeline.publishAt` (fractional): never earlier than that of n − 1,
   * and fast where n grows from call to call.
   */
  readonly offsetMs: (n: number) => number;
  /** How many publishes are intended before an instant, milliseconds after `publishAt`. Absent: a search in `offsetMs` finds it. */
  readonly dueBefore?: (instantMs: number) => number;
  /** Which device sends publish n. */
  readonly turns: DeviceTurns;
  /** A device's turn to connect, milliseconds after `timeline.startAt`. The device is numbered within the slice. */
  readonly connectOffsetMs: (deviceInSlice: number) => number;
}

/**
 * A slice's own part of its group's schedule, with the steps of its rate. Without steps: with N the integral of the arrival rate, T its length, Mₛ the slice's share,
 * S the group's slices and s counted from the first of them, publish n is intended at N⁻¹(N(T)·(n + φ)/Mₛ), φ = (s + ½)/S: each slice follows the group's
 * shape, and the phases φ interleave the slices evenly, so that together they are as smooth as one sender would be.
 *
 * A pattern of arrivals replaces these even turns, or displaces messages from them.
 * @param stream number of the kind of message, which its random times depend on
 */
export function makeSliceSchedule(slice: Slice, stream = 0): SliceSchedule {
  const { group, devices } = slice;
  const phase = (slice.slice - group.firstSlice + 0.5) / group.slices.count;
  const msPerOwnConnect = connectDurationMs(group.profile) / devices;
  return {
    ...timesOf(slice, stream, phase),
    connectOffsetMs: (deviceInSlice) => (deviceInSlice + phase) * msPerOwnConnect,
  };
}

function timesOf({ group, ...shares }: Slice, stream: number, phase: number): ArrivalTimes {
  const { profile } = group;
  const planned = makePlannedRate(profile);
  const arrivals = {
    ...shares,
    rate: planned,
    untilMs: planned.durationMs,
    seed: profile.seed,
    stream,
    phase,
    store: () => blockStoreOf(group.timeline),
  };
  if (profile.rateSteps === undefined || shares.messages === 0)
    return arrivalTimesOf(arrivals, profile.pattern);
  const rate = amendRate(planned, profile);
  const untilMs = rate.plannedMsOf(planned.durationMs) + marginMs;
  return amendTimes(arrivalTimesOf({ ...arrivals, untilMs }, profile.pattern), rate);
}

/** For rounding: a millisecond of messages more than an amended rate comes to. */
const marginMs = 1;

/** How many publishes of a stream are intended before an instant, milliseconds after `publishAt`: n = 0 … count − 1. */
export function countDueBefore(
  { messages, offsetMs, dueBefore }: Pick<SliceSchedule, 'messages' | 'offsetMs' | 'dueBefore'>,
  instantMs: number,
): number {
  if (dueBefore !== undefined) return dueBefore(instantMs);
  return firstPlace(messages, (n) => offsetMs(n) < instantMs);
}

/**
 * From the last device's turn to connect to the first publish: its TLS handshake and CONNACK. Slower ones are found
 * not connected when their turn to publish comes, and are counted so.
 */
export const connectSettleMs = 1_000;

/** Ways that the packets of a handshake take at most: TCP, TLS 1.2, MQTT. */
const waysOfHandshake = 8;

/** The same of a group whose network delays its handshakes, by the longest that is likely. */
export function settleMsOfNetwork({ network }: Pick<LoadProfile, 'network'>): number {
  return (
    connectSettleMs + (network?.delay === undefined ? 0 : waysOfHandshake * meanMsOf(network.delay) * 1.5)
  );
}

/** How long all connects of a group take at its rate; 0 where nothing connects beforehand. */
export function connectDurationMs(profile: Pick<LoadProfile, 'connect' | 'devices' | 'lifecycle'>): number {
  return connectsBeforehand(profile) ? (profile.devices / profile.connect.ratePerSecond) * 1_000 : 0;
}

/** Whether devices of a group connect before they publish: not over HTTPS, nor where they connect for each message. */
export function connectsBeforehand(profile: Pick<LoadProfile, 'connect' | 'lifecycle'>): boolean {
  return profile.connect.protocol === 'mqtt' && !connectsEachMessage(profile);
}
