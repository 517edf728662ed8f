import * as z from 'zod';
import { parseDuration } from '../shared/duration.ts';
import { duration } from './device-schema.ts';
import { holdSetting, resolveObjective } from './objective-schema.ts';
import {
  leastPrecision,
  mostConfirm,
  mostLevel,
  type SearchSettings,
  searchedQuantities,
  searchMethodNames,
} from './search.ts';

/** Of a search for a capacity. */
const defaults = {
  method: 'ramp-then-bisect',
  settle: '15s',
  hold: '60s',
  precision: 0.05,
  confirm: 2,
} as const;

const level = z.int().min(1).max(mostLevel);

const settings = z.strictObject({
  of: z
    .enum(searchedQuantities)
    .default('rate')
    .meta({
      description:
        'What is searched: rate is messages a second, devices is how many are connected and send, users is how many users of a closed model are active, connects is how many devices a second end their connections and connect again.',
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
    .optional()
    .meta({
      default: defaults.method,
      description:
        'How levels follow one another: ramp-then-bisect doubles the level until an objective breaks and then halves the distance to the knee; steps raises it by the precision each time, for a curve with more points.',
      examples: ['steps'],
    }),
  settle: duration.optional().meta({
    description:
      'How long the load has a new level before it is measured, up to 15m. 15s unless given; 1s where an objective is held.',
    examples: ['15s'],
  }),
  hold: holdSetting,
  interval: duration.optional().meta({
    description:
      'Where an objective is held: how long the metric is measured before the level may change, whole seconds from 1s to 1m. 3s unless given.',
    examples: ['3s'],
  }),
  for: duration.optional().meta({
    description: 'Where an objective is held: how long, up to 15m. It has to be given.',
    examples: ['5m'],
  }),
  precision: z
    .number()
    .min(leastPrecision)
    .max(1)
    .optional()
    .meta({
      description:
        'How near the first failing level is to be to the highest passing one, as a share of it from 0.001 to 1. 0.05 unless given. Where an objective is held: within which share of it the metric counts as kept; 0.25 unless given.',
      examples: [0.05],
    }),
  confirm: z
    .int()
    .min(1)
    .max(mostConfirm)
    .optional()
    .meta({
      default: defaults.confirm,
      description:
        'How many holds of the highest passing level, and of the first failing one, have to agree, 1 to 5. Where holds contradict one another, the majority decides.',
      examples: [2],
    }),
});

/** `search` of a profile. What its settings mean together, `search-rules.ts` checks. */
export const searchSetting = settings.optional().meta({
  description:
    'Searches for the highest load at which the thresholds hold: one level after the other is held and judged, in one run, until the knee is known. The load of the profile is then only what is planned.',
  examples: [{ of: 'rate', from: 1000, to: 20_000 }],
});

/** What is sound of a search that is faulty. */
export const searchPart = settings.partial();

export type SearchInput = NonNullable<z.output<typeof searchSetting>>;

/** @param input as the schema lets it through */
export function resolveSearch(input: SearchInput): SearchSettings {
  const { of, from, to, group, hold = defaults.hold } = input;
  const range = { of, from, to, ...(group !== undefined && { group }) };
  if (typeof hold !== 'string') return resolveObjective({ ...input, hold }, range);
  return {
    kind: 'capacity',
    ...range,
    method: input.method ?? defaults.method,
    settleMs: parseDuration(input.settle ?? defaults.settle) ?? 0,
    holdMs: parseDuration(hold) ?? 0,
    precision: input.precision ?? defaults.precision,
    confirm: input.confirm ?? defaults.confirm,
  };
}
