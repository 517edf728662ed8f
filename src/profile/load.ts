import { parseDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import type { JsonObject } from '../shared/json-path.ts';
import type { LoadProfile } from './load-profile.ts';
import type { ProfileSettings } from './schema.ts';

/** The arrival rate over the run, whichever way it was given. */
export type ResolvedLoad = Pick<LoadProfile, 'startRatePerSecond' | 'stages'>;

/** Every setting that says what the load is. */
export const loadPaths = ['stages', 'startRate', 'ratePerSecond', 'everySeconds', 'duration'] as const;

const theWays =
  'one of: stages with targets; ratePerSecond and duration; everySeconds and duration; everySeconds and stages without targets';

/**
 * @param input the user's form, for what is written and what is not
 * @param settings absent where a setting of the load is not even of the right shape
 */
export function checkLoad(input: JsonObject, settings?: ProfileSettings): InputError[] {
  const faults = checkWays(input);
  if (settings === undefined) return faults;
  faults.push(...checkTargets(settings));
  return faults.length > 0 ? faults : checkAmount(settings);
}

/** Ways of giving the load that are mixed, or only half there. */
function checkWays(input: JsonObject): InputError[] {
  const has = (key: (typeof loadPaths)[number]) => input[key] !== undefined;
  const constant = has('ratePerSecond') ? 'ratePerSecond' : has('everySeconds') ? 'everySeconds' : undefined;
  if (constant === undefined && !has('stages')) {
    return [{ path: 'stages', message: 'the load is missing', hint: `give ${theWays}` }];
  }
  const faults: InputError[] = [];
  if (has('ratePerSecond') && has('everySeconds')) {
    faults.push(givenTwice('everySeconds', 'the load', 'ratePerSecond'));
  }
  if (has('ratePerSecond') && has('stages')) faults.push(givenTwice('ratePerSecond', 'the load', 'stages'));
  if (has('duration') && has('stages')) faults.push(givenTwice('duration', 'how long', 'stages'));
  if (constant !== undefined && !has('duration') && !has('stages')) {
    faults.push({
      path: 'duration',
      message: 'is missing',
      hint: `say how long, such as "5m", beside ${constant}`,
    });
  }
  if (constant !== undefined && has('startRate')) {
    faults.push({
      path: 'startRate',
      message: `has no meaning with ${constant}, which is constant from the start`,
      hint: 'remove it, or give the load by stages with targets',
    });
  }
  return faults;
}

function givenTwice(path: string, what: string, other: string): InputError {
  return { path, message: `${what} is given twice, by ${other} too`, hint: `remove ${path} or ${other}` };
}

/** Stages have targets, unless `everySeconds` says the rate of them all. */
function checkTargets({ stages = [], everySeconds, ratePerSecond }: ProfileSettings): InputError[] {
  return stages.flatMap(({ target }, i) => {
    const path = `stages[${i}].target`;
    if (everySeconds !== undefined && target !== undefined) {
      const hint = 'remove the target, or remove everySeconds';
      return [{ path, message: 'has no meaning with everySeconds, which says the rate', hint }];
    }
    if (everySeconds === undefined && ratePerSecond === undefined && target === undefined) {
      const hint = 'messages a second at the end of the stage, or everySeconds for all stages';
      return [{ path, message: 'is missing', hint }];
    }
    return [];
  });
}

/** A load that never begins, or never lasts. */
function checkAmount(settings: ProfileSettings): InputError[] {
  const load = resolveLoad(settings);
  const faults: InputError[] = [];
  if (load.stages.reduce((sum, stage) => sum + stage.durationMs, 0) <= 0) {
    faults.push({
      path: settings.stages === undefined ? 'duration' : 'stages',
      message: 'the run lasts 0 seconds',
      hint: 'give a duration above 0s, such as "30s"',
    });
  }
  if (peakOf(load) <= 0) {
    faults.push({
      path: 'stages',
      message: 'no stage has a target above 0: nothing would be sent',
      hint: 'give at least one stage a target, in messages a second',
    });
  }
  return faults;
}

/** The load of settings without faults; of others, something of the same type. */
export function resolveLoad(settings: ProfileSettings): ResolvedLoad {
  const { devices, everySeconds, ratePerSecond, startRate = 0, duration } = settings;
  const constant = ratePerSecond ?? (everySeconds === undefined ? undefined : devices / everySeconds);
  const stages = settings.stages ?? (duration === undefined ? [] : [{ duration, target: undefined }]);
  return {
    startRatePerSecond: constant ?? startRate,
    stages: stages.map((stage) => ({
      durationMs: parseDuration(stage.duration) ?? 0,
      targetPerSecond: constant ?? stage.target ?? 0,
    })),
  };
}

/** The highest rate of all, messages a second. */
export function peakOf(load: ResolvedLoad): number {
  return load.stages.reduce((peak, stage) => Math.max(peak, stage.targetPerSecond), load.startRatePerSecond);
}
