import type { ArrivalPattern } from '../../profile/load-profile.ts';
import { burstPerSecond } from '../../profile/load-shapes/arrival-pattern.ts';
import { repeatRate } from '../amended-rate.ts';
import { type DeviceTurns, makeDeviceTurns } from '../device-turns.ts';
import type { ArrivalRate } from '../planned-rate.ts';
import type { BlockStore } from './block-cache.ts';
import { makeGapTimes } from './gap-times.ts';
import { jitter, varianceOfJitter } from './jitter.ts';
import { makePoissonPoints } from './poisson-points.ts';
import { makeReorderedSchedule, type Reordering, repeatReordering } from './reordered-schedule.ts';
import { startsReordering } from './starts.ts';

/** How the number of messages in a second varies. */
export interface Spread {
  /** Variance of the number, divided by its mean. */
  readonly variancePerMessage: number;
  /** Messages that one random time brings into a second, at most. */
  readonly atOnce: number;
}

/** One kind of message of one slice, before it is known when its messages are due. */
export interface Arrivals {
  /** As planned, without steps. */
  readonly rate: ArrivalRate;
  /** Messages that are planned. */
  readonly messages: number;
  /** Longer than the rate lasts: its messages repeat up to that instant at least, milliseconds. */
  readonly untilMs: number;
  readonly devices: number;
  readonly slice: number;
  readonly firstDevice: number;
  readonly seed: number;
  readonly stream: number;
  /** 0–1, of the slice, so that slices interleave. */
  readonly phase: number;
  /** Keeps what was sorted, for the schedules of one timeline. */
  readonly store: () => BlockStore;
}

/** When messages are due: as of `SliceSchedule`. */
export interface ArrivalTimes {
  readonly messages: number;
  readonly offsetMs: (n: number) => number;
  readonly dueBefore?: (instantMs: number) => number;
  readonly turns: DeviceTurns;
}

/** What a plan needs to know of a pattern of arrivals. */
interface ArrivalKind<Pattern> {
  readonly timesOf: (arrivals: Arrivals, pattern: Pattern) => ArrivalTimes;
  /** Undefined: no second has more messages than the rate says. */
  readonly spreadOf: (pattern: Pattern) => Spread | undefined;
  /** Messages that a device sends in each of its turns: no slice has a part of a turn. */
  readonly perTurnOf: (pattern: Pattern) => number;
  /** Whether only a walk through all messages says how many there are; the rates say how many are expected. */
  readonly isWalked?: true;
}

type PatternOf<Kind extends ArrivalPattern['kind']> = Extract<ArrivalPattern, { kind: Kind }>;

const independent: Spread = { variancePerMessage: 1, atOnce: 1 };
const one = () => 1;

const evenTimes = (arrivals: Arrivals) => {
  const { rate, messages, devices, phase } = arrivals;
  const messagesPerOwn = rate.messages / messages;
  const { offsetMsOf } = roundsOf(arrivals) > 1 ? repeatRate(rate) : rate;
  const offsetMs = (n: number) => offsetMsOf((n + phase) * messagesPerOwn);
  return { messages: messages * roundsOf(arrivals), offsetMs, turns: makeDeviceTurns(devices) };
};

/** How often the planned messages repeat: 1 where they do not. */
function roundsOf({ rate: { durationMs }, untilMs }: Arrivals): number {
  return untilMs > durationMs ? Math.floor(untilMs / durationMs) + 1 : 1;
}

const reorderedTimes = (arrivals: Arrivals, reordering: Reordering) => {
  const rounds = roundsOf(arrivals);
  const repeated = rounds > 1 ? repeatReordering(reordering, rounds, arrivals.rate.durationMs) : reordering;
  return { messages: repeated.messages, ...makeReorderedSchedule(repeated, arrivals.store()) };
};

const startTimes = (arrivals: Arrivals, pattern: PatternOf<'pulse'> | PatternOf<'burst'>) =>
  reorderedTimes(arrivals, startsReordering({ ...arrivals, durationMs: arrivals.rate.durationMs }, pattern));

const even: ArrivalKind<undefined> = {
  timesOf: evenTimes,
  spreadOf: () => undefined,
  perTurnOf: one,
};

const kinds: { readonly [Kind in ArrivalPattern['kind']]: ArrivalKind<PatternOf<Kind>> } = {
  poisson: {
    timesOf(arrivals) {
      const { rate, messages, devices } = arrivals;
      const points = makePoissonPoints(messages, arrivals);
      const messagesPerOwn = rate.messages / messages;
      const rounds = roundsOf(arrivals);
      const offsetMs = (n: number) => {
        const round = rounds > 1 ? Math.floor(n / messages) : 0;
        return round * rate.durationMs + rate.offsetMsOf(points(n - round * messages) * messagesPerOwn);
      };
      return { messages: messages * rounds, offsetMs, turns: makeDeviceTurns(devices) };
    },
    spreadOf: () => independent,
    perTurnOf: one,
  },
  jitter: {
    timesOf(arrivals, { spreadMs }) {
      const { rate, messages, devices } = arrivals;
      const peakPerMs = rate.peakPerSecond / 1_000 / (rate.messages / messages);
      const turns = makeDeviceTurns(devices);
      const { offsetMs: turnMs } = evenTimes({ ...arrivals, untilMs: rate.durationMs });
      const shared = { ...arrivals, durationMs: rate.durationMs, peakPerMs, turnMs, turns };
      return reorderedTimes(arrivals, jitter(shared, spreadMs));
    },
    spreadOf: ({ spreadMs }) => ({ variancePerMessage: varianceOfJitter(spreadMs / 1_000), atOnce: 1 }),
    perTurnOf: one,
  },
  gaps: {
    // Devices go on waiting and sending for as long as messages are needed: nothing repeats.
    timesOf: (arrivals, { gap }) => makeGapTimes({ ...arrivals, durationMs: arrivals.untilMs }, gap),
    // Gaps of these distributions vary no more than exponential ones: the numbers of messages no more than those of a Poisson process.
    spreadOf: () => independent,
    perTurnOf: one,
    isWalked: true,
  },
  pulse: {
    timesOf: startTimes,
    spreadOf: ({ isRandom }) => (isRandom ? independent : undefined),
    perTurnOf: one,
  },
  burst: {
    timesOf: startTimes,
    // Bursts at random times bring up to m messages into a second each: a compound Poisson distribution, whose variance is at most m
    // times its mean.
    spreadOf(pattern) {
      if (pattern.together?.isRandom !== true) return undefined;
      const atOnce = burstPerSecond(pattern);
      return { variancePerMessage: atOnce, atOnce };
    },
    perTurnOf: ({ count }) => count,
  },
};

/** @param pattern absent: messages are due evenly */
function kindOf(pattern: ArrivalPattern | undefined): ArrivalKind<unknown> {
  return (pattern === undefined ? even : kinds[pattern.kind]) as ArrivalKind<unknown>;
}

export function arrivalTimesOf(arrivals: Arrivals, pattern: ArrivalPattern | undefined): ArrivalTimes {
  return kindOf(pattern).timesOf(arrivals, pattern);
}

export function spreadOf(pattern: ArrivalPattern | undefined): Spread | undefined {
  return kindOf(pattern).spreadOf(pattern);
}

export function perTurnOf(pattern: ArrivalPattern | undefined): number {
  return kindOf(pattern).perTurnOf(pattern);
}

export function isWalked({ pattern }: { readonly pattern?: ArrivalPattern }): boolean {
  return kindOf(pattern).isWalked === true;
}
