import * as z from 'zod';
import type { InputError } from '../../shared/errors.ts';
import { formatCount } from '../../shared/format.ts';
import { isObject } from '../../shared/json-path.ts';
import { duration, ratePerSecond } from '../device-schema.ts';
import { maxStages } from './resolved-load.ts';

/** Of a list of hours: one number for each hour of a day. */
const hoursOfDay = 24;
/** A run lasts no longer. */
const maxDays = 30;

/** What an entry has one of. */
const ways = [{ required: ['duration'] }, { required: ['hours'] }, { required: ['repeat', 'stages'] }];

const plainSettings = {
  duration: duration.optional().meta({
    description: 'How long the stage lasts. 0s jumps to the target at once.',
    examples: ['5m'],
  }),
  target: ratePerSecond.optional().meta({
    description:
      'Messages a second over the whole run, reached at the end of the stage. The rate moves there in a straight line. Of a load of users (users, thinkTime) it is how many users there are.',
    examples: [2000],
  }),
  hours: z
    .array(ratePerSecond)
    .length(hoursOfDay)
    .optional()
    .meta({
      description:
        'A daily curve, in place of duration and target: 24 targets, the first for the beginning of the day, then one for each full hour. The load moves from each to the next in a straight line, and from the last to the first of the next day.',
      examples: [[2, 1, 1, 1, 2, 5, 12, 20, 24, 22, 20, 20, 21, 20, 19, 18, 20, 24, 26, 22, 15, 9, 5, 3]],
    }),
  days: z
    .int()
    .min(1)
    .max(maxDays)
    .optional()
    .meta({
      description: 'How many days the curve of hours goes on, 1 unless set, at most 30.',
      examples: [3],
    }),
};

/** Of an entry without any setting that says how long it lasts. */
const lasts = { path: ['duration'], message: 'is missing' };
const plainStage = z
  .strictObject(plainSettings)
  .refine(({ duration, hours, days }) => [duration, hours, days].some(isGiven), lasts)
  .meta({ oneOf: ways.slice(0, 2) });

const repeatSettings = {
  repeat: z
    .int()
    .min(1)
    .max(maxStages)
    .optional()
    .meta({
      description: 'How many times the stages within are gone through, together with stages.',
      examples: [3],
    }),
  stages: z
    .array(plainStage)
    .min(1)
    .max(maxStages)
    .optional()
    .meta({
      description: 'Stages that are repeated, in place of duration and target.',
      examples: [
        [
          { duration: '1h', target: 2000 },
          { duration: '1h', target: 500 },
        ],
      ],
    }),
};

const stage = z
  .strictObject({ ...plainSettings, ...repeatSettings })
  .refine(
    ({ duration, hours, days, repeat, stages }) => [duration, hours, days, repeat, stages].some(isGiven),
    lasts,
  )
  .meta({ oneOf: ways });

export const stagesSetting = z
  .array(stage)
  .min(1)
  .max(maxStages)
  .optional()
  .meta({
    description:
      'The load as it changes over the run, as in k6. Each stage moves in a straight line to its target, the first one from startRate. With everySeconds stages have no targets and only say how long. With users or thinkTime targets are users, and the first stage begins with users. Stages may be repeated, and a day may be given by its hours.',
    examples: [
      [
        { duration: '30s', target: 2000 },
        { duration: '5m', target: 2000 },
      ],
    ],
  });

/** The user's form of a load's stages, without errors of its schema. */
export type StageList = NonNullable<z.output<typeof stagesSetting>>;

/** One stage of a list, as often as it is gone through. */
export interface ListedStage {
  /** Where it is written: `stages[1].stages[0]`, `stages[2].hours[7]`. */
  readonly path: string;
  /** `{duration, target}` as users write it; what is malformed is as it was given. */
  readonly stage: unknown;
}

/**
 * The stages that the user's form comes to, with repetitions and daily curves written out: one more than `maxStages` at most. A form that
 * is no list has none.
 * @param start target that the first stage begins with
 */
export function listStages(stages: unknown, start: unknown = 0): readonly ListedStage[] {
  const listed: ListedStage[] = [];
  if (Array.isArray(stages)) addStages(listed, 'stages', stages, start);
  return listed;
}

function addStages(listed: ListedStage[], path: string, stages: readonly unknown[], start: unknown): void {
  for (const [i, entry] of stages.entries()) {
    const place = `${path}[${i}]`;
    if (!isObject(entry)) listed.push({ path: place, stage: entry });
    else if (Array.isArray(entry.hours)) addDays(listed, place, entry.hours, entry.days, start);
    else if (Array.isArray(entry.stages)) {
      const times = typeof entry.repeat === 'number' ? entry.repeat : 1;
      for (let time = 0; time < times && listed.length <= maxStages; time++)
        addStages(listed, `${place}.stages`, entry.stages, start);
    } else listed.push({ path: place, stage: entry });
    if (listed.length > maxStages) break;
  }
}

/** The load is at the first hour's target at once, and moves to the next one in each hour. */
function addDays(
  listed: ListedStage[],
  path: string,
  hours: readonly unknown[],
  days: unknown,
  start: unknown,
): void {
  const last = listed.at(-1)?.stage;
  const reached = last === undefined ? start : isObject(last) ? last.target : undefined;
  if (reached !== hours[0])
    listed.push({ path: `${path}.hours[0]`, stage: { duration: '0s', target: hours[0] } });
  const count = hours.length * (typeof days === 'number' ? days : 1);
  for (let hour = 1; hour <= count && listed.length <= maxStages; hour++) {
    const i = hour % hours.length;
    listed.push({ path: `${path}.hours[${i}]`, stage: { duration: '1h', target: hours[i] } });
  }
}

/** The same of a form without errors. */
export function plainStages(
  stages: StageList,
  start = 0,
): readonly { readonly path: string; readonly duration: string; readonly target?: number }[] {
  return listStages(stages, start).map(({ path, stage }) => {
    const { duration = '0s', target } = stage as StageList[number];
    return { path, duration, ...(target !== undefined && { target }) };
  });
}

/** The path of a target that is wrong: that of the hours, or of the stage. @param stage as listed */
export function pathOfTarget(stage: string): string {
  return stage.replace(/(\.hours)\[\d+\]$/, '$1').replace(/\]$/, '].target');
}

/** Of stages that are gone through several times, each error once. */
export function distinctErrors(errors: readonly InputError[]): InputError[] {
  return [...new Map(errors.map((error) => [`${error.path} ${error.message}`, error])).values()];
}

/** Each entry is a stage, a daily curve or a repetition, and together they are not too many. */
export function checkStageList(stages: StageList): InputError[] {
  const errors = stages.flatMap((entry, i) => [
    ...checkEntry(`stages[${i}]`, entry),
    ...(entry.stages ?? []).flatMap((inner, j) => checkEntry(`stages[${i}].stages[${j}]`, inner)),
  ]);
  if (errors.length > 0 || listStages(stages).length <= maxStages) return errors;
  return [
    {
      path: 'stages',
      message: `come to more than ${formatCount(maxStages)} stages, which is the most that a load has`,
      hint: 'repeat them less often, or give fewer days',
    },
  ];
}

function checkEntry(path: string, entry: StageList[number]): InputError[] {
  const has = (key: keyof StageList[number]) => entry[key] !== undefined;
  const lasting = (['stages', 'hours', 'duration'] as const).filter(has);
  const [kind, other] = lasting;
  if (other !== undefined)
    return [
      {
        path: `${path}.${other}`,
        message: `cannot stand beside ${kind}, which says how long as well`,
        hint: `make two entries of the list of them, or remove ${other}`,
      },
    ];
  const needs = (key: keyof StageList[number], needed: string, hint: string): InputError[] =>
    has(key) && kind !== needed ? [{ path: `${path}.${key}`, message: `needs ${needed}`, hint }] : [];
  const errors = [
    ...needs('repeat', 'stages', 'such as {"repeat": 3, "stages": [{"duration": "1h", "target": 2000}]}'),
    ...needs('days', 'hours', 'such as {"hours": [24 targets], "days": 3}'),
  ];
  if (has('target') && kind !== undefined && kind !== 'duration')
    errors.push({
      path: `${path}.target`,
      message: `has no meaning beside ${kind}, which have targets of their own`,
      hint: 'remove it',
    });
  if (kind === 'stages' && !has('repeat'))
    errors.push({ path: `${path}.repeat`, message: 'is missing', hint: 'how many times, such as 3' });
  return errors;
}

function isGiven(value: unknown): boolean {
  return value !== undefined;
}
