import * as z from 'zod';
import type { InputError } from '../../shared/errors.ts';
import type { JsonObject } from '../../shared/json-path.ts';
import { duration, ratePerSecond } from '../device-schema.ts';
import type { LoadProfile } from '../load-profile.ts';
import { type LoadShapeName, maxStages, type ResolvedLoad } from './resolved-load.ts';

/**
 * A way of giving the load, with the settings that only it has: one file each, listed in `load-shapes.ts`. What it means once it is
 * resolved is in `resolved-load.ts`. A device sends by the behaviour of the same name (`src/device/behaviours/behaviour-of.ts`).
 */
export interface LoadShape<Settings> {
  readonly name: LoadShapeName;
  /** Why its devices send one kind of message only. Undefined: they may send several. */
  readonly whyOneKind: string | undefined;
  /** Settings that no other shape has. */
  readonly own: readonly string[];
  /** The user's form with what follows from the load: the devices that its users are. */
  complete(input: JsonObject): JsonObject;
  /** Of a group's load, the settings at the top that it replaces, where those at the top give the same shape. */
  replacedBy(own: JsonObject): readonly string[];
  /**
   * @param input the user's form, for what is written and what is not
   * @param settings absent where a setting of the load has the wrong type
   */
  check(input: JsonObject, settings: Settings | undefined): InputError[];
  /** The load of settings without errors; of others, something of the same type. */
  resolve(settings: Settings): ResolvedLoad;
  /** Where a device sends more than `limit` messages a second: the setting that says so, and what to do. */
  slowDown(input: JsonObject, profile: LoadProfile, limit: number): Pick<InputError, 'path' | 'hint'>;
}

export function givenTwice(path: string, what: string, other: string): InputError {
  return { path, message: `${what} is given twice, by ${other} too`, hint: `remove ${path} or ${other}` };
}

/** A load that lasts no time. */
export function checkLasting(
  { stages }: ResolvedLoad,
  settings: { readonly stages?: unknown },
): InputError[] {
  if (stages.reduce((sum, { durationMs }) => sum + durationMs, 0) > 0) return [];
  return [
    {
      path: settings.stages === undefined ? 'duration' : 'stages',
      message: 'the run lasts 0 seconds',
      hint: 'give a duration above 0s, such as "30s"',
    },
  ];
}

/** Settings that several shapes have. */
export const sharedSettings = {
  stages: z
    .array(
      z.strictObject({
        duration: duration.meta({
          description: 'How long the stage lasts. 0s jumps to the target at once.',
          examples: ['5m'],
        }),
        target: ratePerSecond.optional().meta({
          description:
            'Messages a second over the whole run, reached at the end of the stage. The rate moves there in a straight line. Of a load of users (users, thinkTime) it is how many users there are.',
          examples: [2000],
        }),
      }),
    )
    .min(1)
    .max(maxStages)
    .optional()
    .meta({
      description:
        'The load as it changes over the run, as in k6. Each stage moves in a straight line to its target, the first one from startRate. With everySeconds stages have no targets and only say how long. With users or thinkTime targets are users, and the first stage begins with users.',
      examples: [
        [
          { duration: '30s', target: 2000 },
          { duration: '5m', target: 2000 },
        ],
      ],
    }),
  duration: duration.optional().meta({
    description: 'How long devices publish, with ratePerSecond, everySeconds or users.',
    examples: ['5m'],
  }),
};
