import * as z from 'zod';
import { parseDuration } from '../../shared/duration.ts';
import type { InputError } from '../../shared/errors.ts';
import { formatPlural } from '../../shared/format.ts';
import { isObject, type JsonObject } from '../../shared/json-path.ts';
import { ratePerSecond } from '../device-schema.ts';
import { ratesOfStarts } from './arrival-pattern.ts';
import {
  arrivalSettings,
  checkArrivalWays,
  checkPattern,
  patternReplacedBy,
  resolvePattern,
} from './arrival-settings.ts';
import { checkGaps, everySecondsSetting, meanSecondsOf } from './gap-settings.ts';
import { checkLasting, givenTwice, type LoadShape, type sharedSettings } from './load-shape.ts';
import { peakOf, type ResolvedLoad } from './resolved-load.ts';
import { checkStageList, distinctErrors, listStages, pathOfTarget, plainStages } from './stage-list.ts';

export const openSettings = {
  startRate: ratePerSecond.optional().meta({
    description: 'Messages a second at the start of the first stage, 0 unless set. Only with stages.',
    examples: [1000],
  }),
  ratePerSecond: ratePerSecond
    .positive()
    .optional()
    .meta({
      description:
        'Messages a second over the whole run, the same from start to end. Stands together with duration, in place of stages.',
      examples: [2000],
    }),
  everySeconds: everySecondsSetting,
  idle: z
    .literal(true)
    .optional()
    .meta({
      description:
        'Devices send no messages: they connect, and keep their connections alive for as long as duration says. Stands together with duration, in place of a load.',
      examples: [true],
    }),
  ...arrivalSettings,
};

type Settings = z.output<z.ZodObject<typeof openSettings & typeof sharedSettings>> & {
  readonly devices: number;
};

const theWays =
  'one of: stages with targets; ratePerSecond and duration; everySeconds and duration; everySeconds and stages without targets; burst and duration; idle and duration';

/** The open model: an arrival rate over time, whatever the target answers. */
export const openLoad: LoadShape<Settings> = {
  name: 'open',
  whyOneKind: undefined,
  own: Object.keys(openSettings),
  complete: (input) => input,
  replacedBy: (own) => [...loadReplacedBy(own), ...patternReplacedBy(own)],
  check(input, settings) {
    const errors = [...checkWays(input), ...checkArrivalWays(input)];
    if (settings === undefined) return errors;
    const listed = checkStageList(settings.stages ?? []);
    errors.push(
      ...listed,
      ...(listed.length > 0 ? [] : checkTargets(settings)),
      ...checkGaps(input, settings.everySeconds),
    );
    if (errors.length === 0) errors.push(...checkPattern(settings, resolve(settings)));
    return errors.length > 0 ? errors : checkAmount(settings);
  },
  resolve,
  slowDown: (input, profile, limit) => ({
    path: ['stages', ...Object.keys(openSettings)].find((path) => input[path] !== undefined) ?? 'stages',
    hint: `use at least ${formatPlural(Math.ceil(peakOf(profile) / limit), 'device')}, or at most ${formatPlural(profile.devices * limit, 'message')} a second`,
  }),
};

function loadReplacedBy({ idle, ...own }: JsonObject): string[] {
  const replaced = rateReplacedBy(own);
  if (idle === undefined) return replaced.length === 0 ? [] : [...replaced, 'idle'];
  return ['stages', ...Object.keys(openSettings).filter((setting) => setting !== 'idle')];
}

function rateReplacedBy({ stages, ratePerSecond, everySeconds, burst }: JsonObject): string[] {
  if (stages !== undefined) {
    const ofRates = hasTargets(stages) ? ['everySeconds', 'together'] : [];
    return ['ratePerSecond', 'startRate', 'duration', 'burst', ...ofRates];
  }
  if (ratePerSecond !== undefined) return ['stages', 'startRate', 'everySeconds', 'burst', 'together'];
  if (burst !== undefined) return ['stages', 'ratePerSecond', 'startRate', 'everySeconds'];
  return everySeconds === undefined ? [] : ['ratePerSecond', 'startRate', 'burst'];
}

/** Of the user's form of stages, which only say how long otherwise. */
export function hasTargets(stages: unknown): boolean {
  return listStages(stages).some(({ stage }) => isObject(stage) && stage.target !== undefined);
}

/** Ways of giving the load that are mixed, or only half there. */
function checkWays(input: JsonObject): InputError[] {
  const has = (key: keyof Settings) => input[key] !== undefined;
  const constant = (['idle', 'ratePerSecond', 'everySeconds', 'burst'] as const).find(has);
  if (constant === undefined && !has('stages')) {
    return [{ path: 'stages', message: 'the load is missing', hint: `give ${theWays}` }];
  }
  const errors: InputError[] = [];
  if (has('idle')) {
    const others = ['stages', ...Object.keys(openSettings)].filter(
      (key) => key !== 'idle' && key !== 'startRate',
    );
    const other = others.find((key) => input[key] !== undefined);
    if (other !== undefined) return [givenTwice('idle', 'the load', other)];
  }
  if (has('ratePerSecond') && has('everySeconds')) {
    errors.push(givenTwice('everySeconds', 'the load', 'ratePerSecond'));
  }
  if (has('ratePerSecond') && has('stages')) errors.push(givenTwice('ratePerSecond', 'the load', 'stages'));
  if (has('duration') && has('stages')) errors.push(givenTwice('duration', 'how long', 'stages'));
  if (constant !== undefined && !has('duration') && !has('stages')) {
    errors.push({
      path: 'duration',
      message: 'is missing',
      hint: `say how long, such as "5m", beside ${constant}`,
    });
  }
  if (constant !== undefined && constant !== 'burst' && has('startRate')) {
    errors.push({
      path: 'startRate',
      message: `has no meaning with ${constant}, which is constant from the start`,
      hint: 'remove it, or give the load by stages with targets',
    });
  }
  return errors;
}

/** Stages have targets, unless `everySeconds` says the rate of them all. */
function checkTargets({ stages = [], everySeconds, ratePerSecond, burst, idle }: Settings): InputError[] {
  // Stages beside a burst or beside idle devices have an error of their own.
  if (burst !== undefined || idle) return [];
  return distinctErrors(
    plainStages(stages).flatMap(({ path: stage, target }) => {
      const path = pathOfTarget(stage);
      if (everySeconds !== undefined && target !== undefined) {
        const hint = `remove ${path.endsWith('.hours') ? 'the hours' : 'the target'}, or remove everySeconds`;
        return [{ path, message: 'has no meaning with everySeconds, which says the rate', hint }];
      }
      if (everySeconds === undefined && ratePerSecond === undefined && target === undefined) {
        const hint = 'messages a second at the end of the stage, or everySeconds for all stages';
        return [{ path, message: 'is missing', hint }];
      }
      return [];
    }),
  );
}

/** A load that never begins, or never lasts. */
function checkAmount(settings: Settings): InputError[] {
  const load = resolve(settings);
  const errors = checkLasting(load, settings);
  if (settings.idle) return errors;
  if (
    errors.length === 0 &&
    peakOf(load) <= 0 &&
    load.pattern !== undefined &&
    settings.stages === undefined
  ) {
    errors.push({
      path: 'duration',
      message: 'is too short: nothing that begins in it ends in it',
      hint: 'run longer, or make bursts and jitter shorter',
    });
  } else if (peakOf(load) <= 0) {
    errors.push({
      path: 'stages',
      message: 'no stage has a target above 0: nothing would be sent',
      hint: 'give at least one stage a target, in messages a second',
    });
  }
  return errors;
}

function resolve(settings: Settings): ResolvedLoad {
  const { devices, everySeconds, ratePerSecond, startRate = 0, duration } = settings;
  const constant =
    ratePerSecond ?? (everySeconds === undefined ? undefined : devices / meanSecondsOf(everySeconds));
  const listed = settings.stages && plainStages(settings.stages, startRate);
  const stages = listed ?? (duration === undefined ? [] : [{ duration, target: undefined }]);
  const pattern = resolvePattern(settings);
  if (pattern?.kind === 'pulse' || pattern?.kind === 'burst') {
    return { ...ratesOfStarts(devices, parseDuration(duration ?? '0s') ?? 0, pattern), pattern };
  }
  return {
    ...(pattern && { pattern }),
    startRatePerSecond: constant ?? startRate,
    stages: stages.map((stage) => ({
      durationMs: parseDuration(stage.duration) ?? 0,
      targetPerSecond: constant ?? stage.target ?? 0,
    })),
  };
}
