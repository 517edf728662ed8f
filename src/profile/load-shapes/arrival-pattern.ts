import { sumBy } from '../../shared/counts.ts';
import type { ArrivalPattern, LoadProfile, MessageKind, Stage } from '../load-profile.ts';
import { meanMsOf, type RandomTime, shortestGapMs } from '../time-distribution.ts';
import { amendedPeakOf } from './rate-stretches.ts';
import { peakOf, type ResolvedLoad } from './resolved-load.ts';

/** Messages of a burst at most. */
export const maxBurst = 1_000;

/** Messages of a load of gaps at most: its schedule is a list of them, of 20 bytes each. */
export const mostWalked = 10_000_000;

/** Messages of devices that wait so long after each, on average. */
export function messagesOfGaps(gap: RandomTime, devices: number, stages: readonly Stage[]): number {
  return (devices * sumBy(stages, ({ durationMs }) => durationMs)) / meanMsOf(gap);
}

/** Milliseconds from the first message of a burst to its last. */
export function burstLengthMs({ count, spacingMs }: { count: number; spacingMs: number }): number {
  return (count - 1) * spacingMs;
}

/** When bursts begin, or messages are due that all devices send together: a stretch of `lastsMs` in each `everyMs`. */
export interface Starts {
  readonly everyMs: number;
  readonly lastsMs: number;
}

/** Of a pattern whose load is made of starts: how many messages follow each start, and how far apart. */
export function partsOf(pattern: Extract<ArrivalPattern, { kind: 'pulse' | 'burst' }>): {
  readonly starts: Starts;
  readonly count: number;
  readonly spacingMs: number;
} {
  const { everyMs } = pattern;
  if (pattern.kind === 'pulse')
    return { starts: { everyMs, lastsMs: pattern.lastsMs }, count: 1, spacingMs: 0 };
  const { count, spacingMs, together } = pattern;
  return { starts: { everyMs, lastsMs: together?.lastsMs ?? everyMs }, count, spacingMs };
}

/**
 * The rate of bursts, and of messages that all devices send together: whole bursts and whole pulses, all due by the end of `durationMs`.
 *
 * K starts spread evenly over w, each followed by `count` messages over L, make a trapezoid: a rise over min(w, L), K · count messages
 * ÷ max(w, L) at its top, and a fall as long as the rise. Devices that are not together begin one after the other, everyMs ÷ devices
 * apart, as long as a burst still ends in time: one trapezoid. Devices together make one in each period that it fits into.
 */
export function ratesOfStarts(
  devices: number,
  durationMs: number,
  pattern: Extract<ArrivalPattern, { kind: 'pulse' | 'burst' }>,
): Pick<ResolvedLoad, 'startRatePerSecond' | 'stages'> {
  const { starts, count, spacingMs } = partsOf(pattern);
  const lengthMs = burstLengthMs({ count, spacingMs });
  const isTogether = pattern.kind === 'pulse' || pattern.together !== undefined;
  const roomMs = durationMs - lengthMs;
  const stages: { durationMs: number; targetPerSecond: number }[] = [];
  const add = (lasts: number, targetPerSecond: number) => {
    const before = stages.at(-1)?.targetPerSecond ?? 0;
    if (lasts > 0 || targetPerSecond !== before) stages.push({ durationMs: lasts, targetPerSecond });
  };
  const addTrapezoid = (messages: number, lastsMs: number) => {
    const riseMs = Math.min(lastsMs, lengthMs);
    const topMs = Math.max(lastsMs, lengthMs) - riseMs;
    const top = (messages / (riseMs + topMs)) * 1_000;
    add(riseMs, top);
    add(topMs, top);
    add(riseMs, 0);
  };
  let reachedMs = 0;
  if (isTogether) {
    for (let i = 0; i * starts.everyMs + starts.lastsMs <= roomMs; i++) {
      if (i > 0) add(i * starts.everyMs - reachedMs, 0);
      addTrapezoid(devices * count, starts.lastsMs);
      reachedMs = i * starts.everyMs + starts.lastsMs + lengthMs;
    }
  } else {
    const bursts = Math.floor((roomMs * devices) / starts.everyMs + 1e-9);
    if (bursts > 0) {
      const lastsMs = (bursts * starts.everyMs) / devices;
      addTrapezoid(bursts * count, lastsMs);
      reachedMs = lastsMs + lengthMs;
    }
  }
  add(durationMs - reachedMs, 0);
  return { startRatePerSecond: 0, stages };
}

type Load = Pick<MessageKind, 'startRatePerSecond' | 'stages' | 'rateSteps' | 'pattern'>;

/** Of a profile's load, or the loads of its kinds of message. */
function loadsOf(profile: Load & Pick<LoadProfile, 'messages'>): readonly Load[] {
  return profile.messages ?? [profile];
}

/** Messages that one device sends within a second of its burst. */
export function burstPerSecond({ count, spacingMs }: { count: number; spacingMs: number }): number {
  return Math.min(count, Math.ceil(1_000 / spacingMs));
}

/**
 * What bursts add to the highest rate of a profile, messages a second: the devices' bursts stand side by side, and the rate of the
 * stages is only their mean. 0 where nothing comes in bursts. Bursts of several kinds are taken to coincide.
 */
export function burstExcess(
  profile: Load & Pick<LoadProfile, 'messages'> & { readonly devices: number },
): number {
  return loadsOf(profile).reduce((sum, load) => {
    const { pattern } = load;
    if (pattern?.kind !== 'burst') return sum;
    return sum + Math.max(0, mostInSecond(pattern, profile.devices) - peakOf(load)) * quickeningOf(load);
  }, 0);
}

/**
 * What one device's busiest second is above its rate, messages: of bursts by their spacing; of gaps by three deviations of a Poisson
 * distribution, and no more than its shortest gaps bring into a second.
 */
export function excessPerDevice(
  profile: Load & Pick<LoadProfile, 'messages'> & { readonly devices: number },
): number {
  return sumBy(loadsOf(profile), (load) => {
    const mean = peakOf(load) / profile.devices;
    return Math.max(0, mostOfDevice(load.pattern, mean) - mean) * quickeningOf(load);
  });
}

/** With steps a pattern goes as much faster as its highest rate is higher. */
function quickeningOf(load: Load): number {
  return load.rateSteps === undefined ? 1 : amendedPeakOf(load) / peakOf(load);
}

/** Messages of one device in its busiest second. @param mean its rate */
function mostOfDevice(pattern: ArrivalPattern | undefined, mean: number): number {
  switch (pattern?.kind) {
    case 'burst':
      return burstPerSecond(pattern);
    case 'gaps':
      return Math.min(mean + 3 * Math.sqrt(mean), Math.ceil(1_000 / shortestGapMs(pattern.gap)));
    default:
      return mean;
  }
}

/**
 * Messages of all bursts in the busiest second. Starts g apart, each followed by messages at offsets i · s, repeat every g: a second
 * holds ⌊1 s ÷ g⌋ times all `count` of them, and the most that fit into the rest of it.
 */
function mostInSecond(pattern: Extract<ArrivalPattern, { kind: 'burst' }>, devices: number): number {
  const { starts, count, spacingMs } = partsOf(pattern);
  const gapMs = starts.lastsMs / devices;
  const restMs = 1_000 % gapMs;
  const phases = Array.from({ length: count }, (_, i) => (i * spacingMs) % gapMs).sort((a, b) => a - b);
  let most = 0;
  for (let from = 0, to = 0; from < count; from++) {
    const phaseAt = (i: number) => phases[i % count]! + (i >= count ? gapMs : 0);
    while (to < from + count && phaseAt(to) - phaseAt(from) < restMs) to++;
    most = Math.max(most, to - from);
  }
  return Math.min(Math.floor(1_000 / gapMs) * count + most, devices * burstPerSecond(pattern));
}
