import type { InputError } from '../../shared/errors.ts';
import type { JsonObject } from '../../shared/json-path.ts';
import { duration } from '../device-schema.ts';
import type { LoadProfile } from '../load-profile.ts';
import type { LoadShapeName, ResolvedLoad } from './resolved-load.ts';
import { stagesSetting } from './stage-list.ts';

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
  stages: stagesSetting,
  duration: duration.optional().meta({
    description: 'How long devices publish, with ratePerSecond, everySeconds or users.',
    examples: ['5m'],
  }),
};
