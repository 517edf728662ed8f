import * as z from 'zod';
import { parseDuration } from '../shared/duration.ts';
import { duration } from './device-schema.ts';
import {
  type CapacitySearch,
  leastPrecision,
  mostConfirm,
  mostLevel,
  searchedQuantities,
  searchMethodNames,
} from './search.ts';

const level = z.int().min(1).max(mostLevel);

/** `search` of a profile. What its settings mean together, `search-rules.ts` checks. */
export const searchSetting = z
  .strictObject({
    of: z
      .enum(searchedQuantities)
      .default('rate')
      .meta({
        description:
          'What is searched: rate is messages a second, users is how many users of a closed model are active.',
        examples: ['rate'],
      }),
    group: z
      .string()
      .optional()
      .meta({
        description:
          'The device group whose load is searched, while the others send at their highest rate. Without it, all groups together, each in proportion to its own load.',
        examples: ['meters'],
      }),
    from: level.meta({
      description:
        'The lowest level, a whole number from 1. The load has it before the first step and between steps, so the service is to be at rest there.',
      examples: [1000],
    }),
    to: level.meta({
      description: 'The highest level, a whole number above from. No step goes past it.',
      examples: [20_000],
    }),
    method: z
      .enum(searchMethodNames)
      .default('ramp-then-bisect')
      .meta({
        description:
          'How levels follow one another: ramp-then-bisect doubles the level until an objective breaks and then halves the distance to the knee; steps raises it by the precision each time, for a curve with more points.',
        examples: ['steps'],
      }),
    settle: duration.default('15s').meta({
      description: 'How long the load has a new level before it is measured, up to 15m.',
      examples: ['15s'],
    }),
    hold: duration.default('60s').meta({
      description:
        'How long a level is held and measured, whole seconds from 1s to 15m. CloudWatch counts by the minute: on AWS a shorter hold cannot see by CloudWatch that a quota throttled.',
      examples: ['60s'],
    }),
    precision: z
      .number()
      .min(leastPrecision)
      .max(1)
      .default(0.05)
      .meta({
        description:
          'How near the first failing level is to be to the highest passing one, as a share of it from 0.001 to 1.',
        examples: [0.05],
      }),
    confirm: z
      .int()
      .min(1)
      .max(mostConfirm)
      .default(2)
      .meta({
        description:
          'How many holds of the highest passing level, and of the first failing one, have to agree, 1 to 5. Where holds contradict one another, the majority decides.',
        examples: [2],
      }),
  })
  .optional()
  .meta({
    description:
      'Searches for the highest load at which the thresholds hold: one level after the other is held and judged, in one run, until the knee is known. The load of the profile is then only what is planned.',
    examples: [{ of: 'rate', from: 1000, to: 20_000 }],
  });

/** @param settings as the schema lets them through */
export function resolveSearch({
  settle,
  hold,
  group,
  ...search
}: NonNullable<z.output<typeof searchSetting>>): CapacitySearch {
  return {
    kind: 'capacity',
    ...search,
    ...(group !== undefined && { group }),
    settleMs: parseDuration(settle) ?? 0,
    holdMs: parseDuration(hold) ?? 0,
  };
}
