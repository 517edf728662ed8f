import * as z from 'zod';
import { durationPattern, parseDuration } from '../../shared/duration.ts';
import type { InputError } from '../../shared/errors.ts';
import { duration } from '../device-schema.ts';
import { meanMsOf, type ThinkTime } from '../time-distribution.ts';

/** `1s`, or `1s..2s`: any time between the two is as likely. */
export const durationOrRange = new RegExp(
  `${durationPattern.source.slice(0, -1)}(?:\\.\\.${durationPattern.source.slice(1, -1)})?$`,
);

const form = z.union([
  z.string().regex(durationOrRange),
  z.strictObject({
    exponential: duration.optional().meta({
      description: 'The mean: most times are shorter, a few much longer.',
      examples: ['1s'],
    }),
    normal: z
      .strictObject({
        mean: duration.meta({ description: 'The mean.', examples: ['2s'] }),
        sd: duration.meta({ description: 'The standard deviation.', examples: ['500ms'] }),
      })
      .optional()
      .meta({
        description: 'By mean and sd. What would be below 0 is 0.',
        examples: [{ mean: '2s', sd: '500ms' }],
      }),
  }),
]);

export type ThinkTimeForm = z.output<typeof form>;

export const thinkTimeSetting = form.optional().meta({
  description:
    'How long a user waits from an answer to its next message: a duration, a range such as 1s..2s, {"exponential": "1s"} or {"normal": {"mean": "2s", "sd": "500ms"}}. 0s unless set. Same seed, same times, for each user and message.',
  examples: ['1s..2s'],
});

/** A day: longer than any run, and short enough that no sum of times loses its milliseconds. */
const longestMs = 86_400_000;

/** @param given as the schema has let it through */
export function checkThinkTime(given: ThinkTimeForm): InputError[] {
  const path = 'thinkTime';
  if (typeof given !== 'string' && (given.exponential === undefined) === (given.normal === undefined)) {
    const hint = 'give one distribution, such as {"exponential": "1s"}';
    return [{ path, message: 'must have exponential or normal', hint }];
  }
  const time = resolveThinkTime(given);
  if (time.kind === 'uniform' && time.minMs > time.maxMs) {
    const hint = 'write the shorter time first, such as "1s..2s"';
    return [{ path, message: `"${String(given)}" ends before it begins`, hint }];
  }
  return meanMsOf(time) > longestMs
    ? [{ path, message: 'is longer than a day', hint: 'give at most 24h' }]
    : [];
}

export function resolveThinkTime(given: ThinkTimeForm): ThinkTime {
  const ms = (text: string) => parseDuration(text) ?? 0;
  if (typeof given === 'string') {
    const [least = '0s', most] = given.split('..');
    return most === undefined
      ? { kind: 'constant', ms: ms(least) }
      : { kind: 'uniform', minMs: ms(least), maxMs: ms(most) };
  }
  const { exponential, normal } = given;
  return normal === undefined
    ? { kind: 'exponential', meanMs: ms(exponential ?? '0s') }
    : { kind: 'normal', meanMs: ms(normal.mean), sdMs: ms(normal.sd) };
}
