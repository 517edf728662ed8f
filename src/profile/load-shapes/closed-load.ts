import * as z from 'zod';
import { parseDuration } from '../../shared/duration.ts';
import type { InputError } from '../../shared/errors.ts';
import { formatPlural } from '../../shared/format.ts';
import { isObject, type JsonObject } from '../../shared/json-path.ts';
import type { Protocol, PublishSettings, Stage, UserLoad } from '../load-profile.ts';
import { meanMsOf, resolveThinkTime } from '../time-distribution.ts';
import { maxUsers } from '../user-step.ts';
import { arrivalSettings } from './arrival-settings.ts';
import { checkLasting, givenTwice, type LoadShape, type sharedSettings } from './load-shape.ts';
import type { ResolvedLoad } from './resolved-load.ts';
import { checkStageList, distinctErrors, listStages, pathOfTarget, plainStages } from './stage-list.ts';
import { checkThinkTime, thinkTimeSetting } from './think-time.ts';
import { spawnStages, type UserStage } from './user-stages.ts';

export const closedSettings = {
  users: z
    .int()
    .min(0)
    .max(maxUsers)
    .optional()
    .meta({
      description:
        'How many users there are: a user sends a message, waits for its answer, thinks, and goes on. A user is a device. Stands together with duration; beside stages it is how many there are at the start, 0 unless set.',
      examples: [500],
    }),
  spawnPerSecond: z
    .number()
    .positive()
    .max(1_000_000)
    .optional()
    .meta({
      description:
        'How many users begin a second, or end where stages have fewer. Unless set, all that a target asks for begin at once.',
      examples: [100],
    }),
  thinkTime: thinkTimeSetting,
  throughputPerUser: z
    .number()
    .positive()
    .max(10_000)
    .optional()
    .meta({
      description:
        'Messages a second that one user sends at most: a user whose answer came sooner waits for its turn.',
      examples: [100],
    }),
};

export interface Answered {
  readonly connect: { readonly protocol: Protocol };
  readonly publish: Pick<PublishSettings, 'qos'>;
}

type Settings = z.output<z.ZodObject<typeof closedSettings & typeof sharedSettings>> &
  Answered & { readonly devices: number };

/**
 * The closed model: users who send, wait for the answer and think, so that a slow target is sent less. How many messages that comes to
 * is known afterwards; until then there is an estimate.
 */
export const closedLoad: LoadShape<Settings> = {
  name: 'closed',
  whyOneKind: 'has no meaning for users, who send one kind of message',
  own: Object.keys(closedSettings),
  complete: (input) => (input.devices === undefined ? { ...input, devices: mostUsersIn(input) } : input),
  replacedBy: (own) =>
    own.stages === undefined ? (own.duration === undefined ? [] : ['stages']) : ['duration'],
  check(input, settings) {
    const errors = checkWays(input);
    if (settings === undefined) return errors;
    errors.push(...checkSettings(settings));
    return errors.length > 0 ? errors : checkAmount(settings);
  },
  resolve,
  slowDown: (input, _profile, limit) => ({
    path: ['throughputPerUser', 'thinkTime', 'users'].find((path) => input[path] !== undefined) ?? 'stages',
    hint: `set throughputPerUser to ${limit} or less, or give a longer thinkTime`,
  }),
};

/** At least 1: a load without users has an error of its own, and its devices are not to have another one. */
function mostUsersIn({ users, stages }: JsonObject): number {
  const targets = listStages(stages).map(({ stage }) => isObject(stage) && stage.target);
  const counts = [users, ...targets].filter((count) => typeof count === 'number');
  return Math.ceil(Math.max(1, ...counts));
}

/** Settings of which one needs or excludes another. */
function checkWays(input: JsonObject): InputError[] {
  const has = (key: string) => input[key] !== undefined;
  const errors = ['ratePerSecond', 'everySeconds'].filter(has).map((key) => {
    const user = Object.keys(closedSettings).find(has) ?? 'users';
    return givenTwice(key, 'the load', user);
  });
  if (has('startRate')) {
    errors.push({
      path: 'startRate',
      message: 'has no meaning for users, whose rate follows from the answers',
      hint: 'remove it; users beside stages says how many users there are at the start',
    });
  }
  for (const key of Object.keys(arrivalSettings).filter(has)) {
    errors.push({
      path: key,
      message: 'has no meaning for users, who send when they have their answer',
      hint: 'remove it, or use thinkTime for times at random',
    });
  }
  if (has('duration') && has('stages')) errors.push(givenTwice('duration', 'how long', 'stages'));
  if (has('stages')) return errors;
  if (!has('users')) {
    const hint = 'say how many, such as 500, or give stages with targets in users';
    errors.push({ path: 'users', message: 'is missing', hint });
  }
  if (!has('duration')) {
    errors.push({
      path: 'duration',
      message: 'is missing',
      hint: 'say how long, such as "5m", beside users',
    });
  }
  return errors;
}

function checkSettings(settings: Settings): InputError[] {
  const { stages = [], thinkTime, throughputPerUser, devices, connect, publish } = settings;
  const listed = checkStageList(stages);
  if (listed.length > 0) return listed;
  const targets = plainStages(stages, settings.users).flatMap(({ path: stage, target }) => {
    const path = pathOfTarget(stage);
    const hint = 'how many users there are at the end of the stage, such as 500';
    if (target === undefined) return [{ path, message: 'is missing', hint }];
    return Number.isInteger(target)
      ? []
      : [{ path, message: `must be a whole number of users, not ${target}`, hint }];
  });
  const errors = [...distinctErrors(targets), ...(thinkTime === undefined ? [] : checkThinkTime(thinkTime))];
  const most = mostUsersIn({ users: settings.users, stages });
  if (most > devices) {
    errors.push({
      path: 'devices',
      message: `${formatPlural(devices, 'device')} cannot be ${formatPlural(most, 'user')}, because a user is a device`,
      hint: `remove devices, or give at least ${most}`,
    });
  }
  const isPaced = throughputPerUser !== undefined || (thinkTime !== undefined && hasLength(thinkTime));
  if (connect.protocol === 'mqtt' && publish.qos === 0 && !isPaced) {
    errors.push({
      path: 'thinkTime',
      message: 'QoS 0 has no answer to wait for, so that users who do not think would send without end',
      hint: 'give thinkTime or throughputPerUser, or set publish.qos to 1',
    });
  }
  return errors;
}

function hasLength(thinkTime: NonNullable<Settings['thinkTime']>): boolean {
  return meanMsOf(resolveThinkTime(thinkTime)) > 0;
}

function checkAmount(settings: Settings): InputError[] {
  const load = resolve(settings);
  const errors = checkLasting(load, settings);
  if (mostUsersOf(load) <= 0) {
    errors.push({
      path: settings.stages === undefined ? 'users' : 'stages',
      message: 'there is never a user: nothing would be sent',
      hint: 'give at least one user',
    });
  }
  return errors;
}

function mostUsersOf({ stages, users }: ResolvedLoad): number {
  return Math.max(users?.startUsers ?? 0, ...stages.map(({ targetUsers = 0 }) => targetUsers));
}

function resolve(settings: Settings): ResolvedLoad {
  const { users = 0, spawnPerSecond, throughputPerUser } = settings;
  const startUsers = settings.stages === undefined && spawnPerSecond !== undefined ? 0 : users;
  const load: UserLoad = {
    startUsers,
    thinkTime: resolveThinkTime(settings.thinkTime ?? '0s'),
    ...(throughputPerUser === undefined ? {} : { throughputPerUser }),
  };
  const perUser = estimatePerUser(load, settings);
  return {
    startRatePerSecond: startUsers * perUser,
    stages: spawnStages(startUsers, wantedStages(settings), spawnPerSecond).map(
      (stage): Stage => ({ ...stage, targetPerSecond: stage.targetUsers * perUser }),
    ),
    users: load,
  };
}

/** As they were asked for. */
function wantedStages({ users = 0, stages, spawnPerSecond, duration }: Settings): readonly UserStage[] {
  const ms = (text: string) => parseDuration(text) ?? 0;
  if (stages !== undefined)
    return plainStages(stages, users).map(({ duration: lasts, target = 0 }) => ({
      durationMs: ms(lasts),
      targetUsers: target,
    }));
  const constant = { durationMs: ms(duration ?? ''), targetUsers: users };
  return spawnPerSecond === undefined ? [constant] : [{ durationMs: 0, targetUsers: users }, constant];
}

/**
 * From a message to its answer, as a plan assumes it: sooner than most targets answer over a network, so that what is planned is
 * rather too much.
 */
export const assumedAnswerMs = 10;

/**
 * Messages a second of one user, for quotas, cost and slices: 1 ÷ (think time + answer time), as of the closed model. Of a user with
 * a pacing, answers are taken to come at once.
 */
function estimatePerUser(
  { thinkTime, throughputPerUser = Number.POSITIVE_INFINITY }: UserLoad,
  { connect, publish }: Answered,
): number {
  const isAnswered = connect.protocol !== 'mqtt' || publish.qos > 0;
  const isPaced = Number.isFinite(throughputPerUser);
  const meanMs = meanMsOf(thinkTime) + (isAnswered && !isPaced ? assumedAnswerMs : 0);
  const perUser = Math.min(throughputPerUser, 1_000 / meanMs);
  // Without answers, think time and pacing it has no bound: an error by then.
  return Number.isFinite(perUser) ? perUser : 0;
}
