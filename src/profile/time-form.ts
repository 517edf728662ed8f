import * as z from 'zod';
import { duration } from './device-schema.ts';
import { durationOrRange } from './time-distribution.ts';

/** Durations that descriptions give as examples. */
export interface TimeExamples {
  readonly exponential: string;
  readonly mean: string;
  readonly sd: string;
}

/**
 * Schema of `TimeForm`: a duration, a range or one distribution.
 * @param times what is drawn, in the plural: `delays`
 */
export function makeTimeForm(times: string, { exponential, mean, sd }: TimeExamples) {
  return z.union([
    z.string().regex(durationOrRange),
    z.strictObject({
      exponential: duration.optional().meta({
        description: `The mean: most ${times} are shorter, a few much longer.`,
        examples: [exponential],
      }),
      normal: z
        .strictObject({
          mean: duration.meta({ description: 'The mean.', examples: [mean] }),
          sd: duration.meta({ description: 'The standard deviation.', examples: [sd] }),
        })
        .optional()
        .meta({
          description: 'By mean and sd. What would be below 0 is 0.',
          examples: [{ mean, sd }],
        }),
    }),
  ]);
}
