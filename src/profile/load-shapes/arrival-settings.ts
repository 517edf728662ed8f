import * as z from 'zod';
import { formatDuration, parseDuration } from '../../shared/duration.ts';
import type { InputError } from '../../shared/errors.ts';
import type { JsonObject } from '../../shared/json-path.ts';
import { duration } from '../device-schema.ts';
import type { ArrivalPattern, Pulse } from '../load-profile.ts';
import type { RandomTime } from '../time-distribution.ts';
import { burstLengthMs, maxBurst, messagesOfGaps, mostWalked } from './arrival-pattern.ts';
import { type EverySeconds, isDistribution, resolveGap } from './gap-settings.ts';
import { givenTwice } from './load-shape.ts';
import { maxStages, peakOf, type ResolvedLoad } from './resolved-load.ts';

/** How messages are due within a load of rates. */
export const arrivalSettings = {
  arrivals: z
    .enum(['even', 'poisson'])
    .optional()
    .meta({
      description:
        'How messages follow one another: even, as unless set, or poisson, at random as from many independent devices. Same seed, same times; the number of messages stays exact, and devices take turns.',
      examples: ['poisson'],
    }),
  jitter: duration.optional().meta({
    description:
      'How far apart in time a message may be due, such as 30s: each up to half of it before or after its even turn. At most the time between two messages of a device. With together it is the time within which all devices come, at random.',
    examples: ['30s'],
  }),
  burst: z
    .strictObject({
      count: z
        .int()
        .min(2)
        .max(maxBurst)
        .meta({ description: 'Messages in a burst, 2 to 1000.', examples: [10] }),
      spacing: duration.meta({
        description: 'Time from a message of a burst to the next one, at least 1ms.',
        examples: ['100ms'],
      }),
      everySeconds: z
        .number()
        .positive()
        .max(86_400)
        .meta({
          description: 'Each device sends a burst once in this many seconds.',
          examples: [60],
        }),
    })
    .optional()
    .meta({
      description:
        'Each device sends bursts: count messages, spacing apart, once in everySeconds. Bursts of different devices begin one after the other, or all at once with together. Stands together with duration.',
      examples: [{ count: 10, spacing: '100ms', everySeconds: 60 }],
    }),
  together: z
    .boolean()
    .optional()
    .meta({
      description:
        'Whether all devices come at the same time, with everySeconds or burst: at the beginning of each period, within one second, or within jitter at random.',
      examples: [true],
    }),
};

export interface ArrivalForm {
  readonly devices: number;
  readonly everySeconds?: EverySeconds | undefined;
  readonly arrivals?: 'even' | 'poisson' | undefined;
  readonly jitter?: string | undefined;
  readonly burst?:
    | { readonly count: number; readonly spacing: string; readonly everySeconds: number }
    | undefined;
  readonly together?: boolean | undefined;
}

/** All devices together need a time within which they come. */
const leastTogetherMs = 1_000;

/** Undefined: evenly. */
export function resolvePattern(form: ArrivalForm): ArrivalPattern | undefined {
  const { arrivals, jitter, burst, together = false, everySeconds } = form;
  const spreadMs = parseDuration(jitter ?? '0s') ?? 0;
  const pulse: Pulse = { lastsMs: Math.max(spreadMs, leastTogetherMs), isRandom: spreadMs > 0 };
  if (burst !== undefined) {
    return {
      kind: 'burst',
      count: burst.count,
      spacingMs: parseDuration(burst.spacing) ?? 0,
      everyMs: burst.everySeconds * 1_000,
      ...(together && { together: pulse }),
    };
  }
  if (isDistribution(everySeconds)) return { kind: 'gaps', gap: resolveGap(everySeconds) };
  if (together && everySeconds !== undefined)
    return { kind: 'pulse', everyMs: everySeconds * 1_000, ...pulse };
  if (arrivals === 'poisson') return { kind: 'poisson' };
  return spreadMs > 0 ? { kind: 'jitter', spreadMs } : undefined;
}

/** Of the settings of another level, those that these replace, because they cannot stand beside them. */
export function patternReplacedBy(own: JsonObject): readonly string[] {
  return [
    ...(own.burst === undefined && !isDistribution(own.everySeconds)
      ? []
      : ['arrivals', 'jitter', 'together']),
    ...(own.arrivals === 'poisson' ? ['jitter', 'together'] : []),
    ...(own.jitter === undefined && own.together === undefined ? [] : ['arrivals']),
  ];
}

/** Settings of which one needs or excludes another. */
export function checkArrivalWays(input: JsonObject): InputError[] {
  // A jitter of no length is none, so that a group can go without that of the top.
  const has = (key: string) =>
    input[key] !== undefined && (key !== 'jitter' || parseDuration(String(input.jitter)) !== 0);
  const errors: InputError[] = [];
  if (has('burst')) {
    for (const key of ['ratePerSecond', 'everySeconds', 'startRate', 'stages'])
      if (has(key)) errors.push(givenTwice(key, 'the load', 'burst'));
  }
  const isTogether = input.together === true;
  if (isTogether && !has('everySeconds') && !has('burst')) {
    errors.push({
      path: 'together',
      message: 'needs everySeconds or burst, which say when all devices come',
      hint: 'give everySeconds and duration in place of rates, or remove together',
    });
  }
  if (isTogether && has('everySeconds') && has('stages')) {
    errors.push({
      path: 'together',
      message: 'makes stages of its own, one in each period',
      hint: 'give duration in place of stages, or remove together',
    });
  }
  if (input.arrivals === 'poisson') {
    const other = isTogether ? 'together' : ['burst', 'jitter'].find(has);
    if (other !== undefined) {
      errors.push({
        path: 'arrivals',
        message: `cannot be poisson with ${other}`,
        hint: `remove arrivals or ${other}: messages are due at random, or as ${other} says`,
      });
    }
  }
  if (has('burst') && has('jitter') && !isTogether) {
    errors.push({
      path: 'jitter',
      message: 'has no meaning for bursts that begin one after the other over the whole period',
      hint: 'remove it, or set together to true',
    });
  }
  return errors;
}

/** @param load as its rates are without a pattern, or with it */
export function checkPattern(form: ArrivalForm, load: ResolvedLoad): InputError[] {
  const { pattern } = load;
  switch (pattern?.kind) {
    case 'jitter':
      return checkJitter(form, pattern.spreadMs, peakOf(load));
    case 'gaps':
      return checkWalked(form, pattern.gap, load);
    case 'pulse':
      return [
        ...checkPeriod('everySeconds', pattern.lastsMs, 0, pattern.everyMs),
        ...checkPeriods('everySeconds', load),
      ];
    case 'burst': {
      if (pattern.spacingMs < 1) {
        const hint = 'give at least 1ms; messages at one instant are a larger message';
        return [{ path: 'burst.spacing', message: 'must be at least 1ms, not 0s', hint }];
      }
      return [
        ...checkPeriod(
          'burst.everySeconds',
          pattern.together?.lastsMs ?? 0,
          burstLengthMs(pattern),
          pattern.everyMs,
        ),
        ...checkPeriods('burst.everySeconds', load),
      ];
    }
    default:
      return [];
  }
}

/** A schedule of gaps is a list, which is made by a walk through all of them. */
function checkWalked({ devices }: ArrivalForm, gap: RandomTime, { stages }: ResolvedLoad): InputError[] {
  const messages = messagesOfGaps(gap, devices, stages);
  if (messages <= mostWalked) return [];
  return [
    {
      path: 'everySeconds',
      message: `by a distribution comes to about ${Math.round(messages)} messages, and such a load has ${mostWalked} at most`,
      hint: 'set arrivals to "poisson" and everySeconds to a number, run shorter, or give the devices to several groups',
    },
  ];
}

/** Otherwise a device would send its messages in another order than that of their numbers. */
function checkJitter({ devices }: ArrivalForm, spreadMs: number, peak: number): InputError[] {
  const mostMs = Math.floor((devices / peak) * 1_000);
  if (spreadMs <= mostMs) return [];
  return [
    {
      path: 'jitter',
      message: `is longer than the time between two messages of a device, ${formatDuration(mostMs)}`,
      hint:
        mostMs > 0
          ? `give at most ${formatDuration(mostMs)}, or set arrivals to "poisson"`
          : 'remove it, or set arrivals to "poisson"',
    },
  ];
}

/** All devices together make some stages in each period, and a report has a line for each. */
function checkPeriods(path: string, { stages }: ResolvedLoad): InputError[] {
  if (stages.length <= maxStages) return [];
  return [
    {
      path,
      message: `comes to ${stages.length} stages, some for each period, and a load has ${maxStages} at most`,
      hint: 'give more seconds, or run shorter',
    },
  ];
}

/** What begins in a period ends in it. */
function checkPeriod(path: string, startsMs: number, lengthMs: number, everyMs: number): InputError[] {
  const needsMs = startsMs + lengthMs;
  if (needsMs <= everyMs) return [];
  return [
    {
      path,
      message: `is ${formatDuration(everyMs)}, and what begins in it takes ${formatDuration(needsMs)}`,
      hint: `give at least ${Math.ceil(needsMs / 1_000)}, or make ${lengthMs > 0 ? 'the burst' : 'jitter'} shorter`,
    },
  ];
}
