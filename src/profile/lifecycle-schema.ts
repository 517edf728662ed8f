import * as z from 'zod';
import { parseDuration } from '../shared/duration.ts';
import type { Lifecycle, TimeRange } from './lifecycle-kinds.ts';
import { durationOrRange } from './time-distribution.ts';
import { disconnectKinds } from './timeline.ts';

const range = z.string().regex(durationOrRange);
const defaults = { awake: '30s', asleep: '10m' } as const;

export const lifecycleSetting = z
  .strictObject({
    awake: range.optional().meta({
      description: `How long a device is connected, a duration or a range of equally likely times, 1s to 24h (${defaults.awake}).`,
      examples: ['20s..60s'],
    }),
    asleep: range.optional().meta({
      description: `How long it is not connected after that, a duration or a range, 2s to 24h (${defaults.asleep}).`,
      examples: ['10m'],
    }),
    whenAsleep: z
      .enum(['delay', 'skip'])
      .optional()
      .meta({
        description:
          'Messages due while their device sleeps are sent when it wakes (delay), or skipped (skip).',
        examples: ['delay'],
      }),
    churn: z
      .strictObject({
        sharePerMinute: z
          .number()
          .positive()
          .max(60)
          .default(0.05)
          .meta({
            description:
              'How many leave for good in a minute, from when devices publish, as a share of those that are still there: 0.05 is a mean life of 20 minutes. At most 1 where nothing replaces them.',
            examples: [0.05],
          }),
        replace: z
          .boolean()
          .default(true)
          .meta({
            description:
              'Whether a new device, with an id of its own, takes the place of each one that leaves.',
            examples: [true],
          }),
      })
      .optional()
      .meta({
        description: 'Devices that leave for good, each at a time that is as likely as any other.',
        examples: [{ sharePerMinute: 0.05 }],
      }),
    connect: z
      .literal('each-message')
      .optional()
      .meta({
        description: 'A device opens a connection for each message, and ends it once that is acknowledged.',
        examples: ['each-message'],
      }),
    disconnect: z
      .enum(disconnectKinds)
      .default('clean')
      .meta({
        description:
          'How its connection ends: clean with a DISCONNECT, drop without one, silent with nothing at all.',
        examples: ['clean'],
      }),
  })
  .optional()
  .meta({
    description:
      'Devices that are not connected all the time, over mqtt: that sleep in between, that leave for good, or that connect for each message. Same seed, same times, for each device.',
    examples: [{ awake: '20s..60s', asleep: '10m' }],
  });

export function resolveLifecycle(given: NonNullable<z.output<typeof lifecycleSetting>>): Lifecycle {
  const { awake = defaults.awake, asleep = defaults.asleep, whenAsleep, churn, connect, disconnect } = given;
  if (connect !== undefined) return { connect, disconnect };
  if (churn !== undefined) return { churn, disconnect };
  return {
    awake: parseTimeRange(awake),
    asleep: parseTimeRange(asleep),
    ...(whenAsleep === 'skip' && { whenAsleep }),
    disconnect,
  };
}

/** Of `20s..60s`, or of `30s`, as `durationOrRange` has let it through. */
export function parseTimeRange(text: string): TimeRange {
  const [least = '', most = least] = text.split('..');
  return { leastMs: parseDuration(least) ?? 0, mostMs: parseDuration(most) ?? 0 };
}
