import * as z from 'zod';
import { parseDuration } from '../shared/duration.ts';
import { duration } from './device-schema.ts';
import type { LegSettings } from './leg-settings.ts';

export const legSetting = z
  .strictObject({
    length: duration.default('12m').meta({
      description:
        'The longest stretch of a slice that one Lambda runs, 1s to 14m. A run that is no longer has one leg.',
      examples: ['12m'],
    }),
    overlap: duration.optional().meta({
      description:
        'How long devices move from one leg to the next, 100ms to 10m. Each closes its connection and opens another one, spread evenly over this time. Unless set 30s, or as long as all connects take at connect.ratePerSecond where that is longer.',
      examples: ['30s'],
    }),
  })
  .optional()
  .meta({
    description:
      'A run longer than a Lambda may last goes on in legs: another Lambda takes the devices over. Unless set, only such a run has more than one.',
  });

export function resolveLegs({ length, overlap }: NonNullable<z.output<typeof legSetting>>): LegSettings {
  return {
    lengthMs: parseDuration(length) ?? 0,
    ...(overlap === undefined ? {} : { overlapMs: parseDuration(overlap) ?? 0 }),
  };
}
