import * as z from 'zod';
import { parseDuration } from '../../shared/duration.ts';
import type { InputError } from '../../shared/errors.ts';
import { isObject, type JsonObject } from '../../shared/json-path.ts';
import { leastDeviationsOfGap, meanMsOf, type RandomTime } from '../time-distribution.ts';

/** Seconds of one gap at most. */
const longestSeconds = 86_400;

const rangePattern = /^(\d+(?:\.\d+)?)\.\.(\d+(?:\.\d+)?)$/;

const seconds = z.number().positive().max(longestSeconds);

const distribution = z.union([
  z.string().max(60).regex(rangePattern),
  z.strictObject({
    exponential: seconds.optional().meta({
      description: 'The mean: most gaps are shorter, a few much longer.',
      examples: [10],
    }),
    normal: z
      .strictObject({
        mean: seconds.meta({ description: 'The mean, in seconds.', examples: [10] }),
        sd: z
          .number()
          .min(0)
          .max(longestSeconds)
          .meta({
            description: 'The standard deviation, in seconds, at most a quarter of the mean.',
            examples: [2],
          }),
      })
      .optional()
      .meta({ description: 'By mean and sd.', examples: [{ mean: 10, sd: 2 }] }),
  }),
]);

type GapDistribution = z.output<typeof distribution>;

/** The time between two messages of a device: a number of seconds, or a distribution of them. */
export const everySecondsSetting = z
  .union([seconds, ...distribution.options])
  .optional()
  .meta({
    description:
      'Each device publishes once in this many seconds. The devices are spread evenly over that time, so that the run has devices ÷ everySeconds messages a second. Or a distribution of the gaps between messages of a device: a range such as 5..15, {"exponential": 10} or {"normal": {"mean": 10, "sd": 2}}; each device draws its own gaps, and the same seed gives the same gaps. Stands together with duration, or with stages that have no targets.',
    examples: [5],
  });

export type EverySeconds = number | GapDistribution;

/** Whether gaps are drawn, of the user's form. */
export function isDistribution(everySeconds: unknown): everySeconds is GapDistribution {
  return typeof everySeconds === 'string' || isObject(everySeconds);
}

/** @param given as the schema has let it through */
export function resolveGap(given: GapDistribution): RandomTime {
  if (typeof given === 'string') {
    const [least = 0, most = 0] = given.split('..').map(Number);
    return { kind: 'uniform', minMs: least * 1_000, maxMs: most * 1_000 };
  }
  const { exponential = 1, normal } = given;
  return normal === undefined
    ? { kind: 'exponential', meanMs: exponential * 1_000 }
    : { kind: 'normal', meanMs: normal.mean * 1_000, sdMs: normal.sd * 1_000 };
}

/** The mean of gaps, seconds. */
export function meanSecondsOf(everySeconds: EverySeconds): number {
  return isDistribution(everySeconds) ? meanMsOf(resolveGap(everySeconds)) / 1_000 : everySeconds;
}

/** Gaps of the same distribution whose mean is another. @param factor above 0 */
export function scaleGaps(given: GapDistribution, factor: number): GapDistribution {
  if (typeof given === 'string') {
    // A range has no exponents.
    return given
      .split('..')
      .map((bound) => (Number(bound) * factor).toFixed(12))
      .join('..');
  }
  const { exponential, normal } = given;
  return {
    ...(exponential !== undefined && { exponential: exponential * factor }),
    ...(normal !== undefined && { normal: { mean: normal.mean * factor, sd: normal.sd * factor } }),
  };
}

/** A distribution with gaps that cannot be, or beside settings that say when messages are due. */
export function checkGaps(input: JsonObject, given: EverySeconds | undefined): InputError[] {
  if (!isDistribution(given)) return [];
  const others = [
    ...(input.arrivals === 'poisson' ? ['arrivals'] : []),
    ...(input.together === true ? ['together'] : []),
    ...(input.jitter === undefined || parseDuration(String(input.jitter)) === 0 ? [] : ['jitter']),
  ];
  return [...checkDistribution(given), ...others.map(besideGaps)];
}

function besideGaps(path: string): InputError {
  return {
    path,
    message: 'has no meaning with everySeconds by a distribution, which says when messages are due',
    hint: `remove ${path}, or give everySeconds as a number`,
  };
}

function checkDistribution(given: GapDistribution): InputError[] {
  const path = 'everySeconds';
  if (typeof given === 'string') {
    const [least = 0, most = 0] = given.split('..').map(Number);
    if (least > most) {
      const hint = 'write the shorter gap first, such as "5..15"';
      return [{ path, message: `"${given}" ends before it begins`, hint }];
    }
    if (most > longestSeconds) {
      return [
        { path, message: `"${given}" has gaps longer than a day`, hint: `give at most ${longestSeconds}` },
      ];
    }
    if (least > 0) return [];
    const hint = 'begin the range above 0, such as "0.5..10"';
    return [{ path, message: `"${given}" has gaps of 0 seconds`, hint }];
  }
  const { exponential, normal } = given;
  if ((exponential === undefined) === (normal === undefined)) {
    const hint = 'give one distribution, such as {"exponential": 10}';
    return [{ path, message: 'must have exponential or normal', hint }];
  }
  if (normal === undefined || normal.sd * leastDeviationsOfGap <= normal.mean) return [];
  return [
    {
      path: `${path}.normal.sd`,
      message: 'is more than a quarter of the mean: gaps would be 0 seconds or less',
      hint: `give at most ${normal.mean / leastDeviationsOfGap}, or {"exponential": ${normal.mean}}`,
    },
  ];
}
