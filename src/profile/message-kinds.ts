import { sumBy } from '../shared/counts.ts';
import { parseDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import { isObject, type JsonObject } from '../shared/json-path.ts';
import { suggestFrom } from '../shared/nearest.ts';
import type { FlatReading } from './groups.ts';
import {
  kindArrivalSettings,
  kindLoadSettings,
  kindNamePattern,
  kindPublishSettings,
  kindSettings,
  maxKinds,
} from './kind-settings.ts';
import type { LoadProfile, MessageKind, Thresholds } from './load-profile.ts';
import { patternReplacedBy } from './load-shapes/arrival-settings.ts';
import { isDistribution } from './load-shapes/gap-settings.ts';
import { givenTwice } from './load-shapes/load-shape.ts';
import { loadPaths, loadShapeIn } from './load-shapes/load-shapes.ts';
import { hasTargets } from './load-shapes/open-load.ts';
import { sumLoads } from './load-shapes/rate-stretches.ts';
import { maxJoinedStages } from './load-shapes/resolved-load.ts';
import { listStages } from './load-shapes/stage-list.ts';

/**
 * A group whose devices send several kinds of message: each kind is read as the flat profile that its settings make with the
 * group's, so that every rule holds for it. Kinds with a weight divide the group's own load; the others have loads of their own.
 * @param readFlat reads the user's form of a flat profile
 */
export function readKinds(input: JsonObject, readFlat: (flat: JsonObject) => FlatReading): FlatReading {
  const { messages, ...group } = input;
  const errors = checkKinds(messages, group);
  if (!isObject(messages) || errors.length > 0) return { profile: readFlat(group).profile, errors };
  const kinds = Object.entries(messages as Readonly<Record<string, JsonObject>>);
  const readings = kinds.map(([name, own]) => {
    const { profile, errors: found } = readFlat(flatOf(group, own));
    return {
      name,
      weight: hasLoad(own) ? undefined : weightIn(own),
      profile,
      errors: found.map((error) => ({ ...error, path: pathIn(name, own, error.path) })),
    };
  });
  const weights = sumBy(readings, ({ weight = 0 }) => weight);
  const resolved = readings.map(({ name, weight, profile }) =>
    kindOf(name, profile, weight === undefined ? 1 : weight / weights),
  );
  // Settings of the group alone: of its publishes, what no kind replaces.
  const [, first] = kinds[0]!;
  const { pattern: _, ...profile } = readFlat({
    ...flatOf(group, first),
    publish: group.publish ?? {},
  }).profile;
  const thresholds: Thresholds = Object.assign({}, ...readings.map((reading) => reading.profile.thresholds));
  const joined: LoadProfile = { ...profile, ...sumLoads(resolved), thresholds, messages: resolved };
  return {
    profile: joined,
    errors: [...readings.flatMap((reading) => reading.errors), ...checkTogether(joined)],
  };
}

function checkKinds(messages: unknown, group: JsonObject): InputError[] {
  const path = 'messages';
  if (!isObject(messages)) {
    const hint = 'name each kind of message: {"reading": {"everySeconds": 60}, …}';
    return [{ path, message: 'must be an object', hint }];
  }
  const count = Object.keys(messages).length;
  if (count === 0 || count > maxKinds) {
    const hint = `give 1 to ${maxKinds}, or remove it`;
    return [{ path, message: `has ${count} kinds of message`, hint }];
  }
  if (group.idle !== undefined) {
    const hint = 'remove messages or idle; groups may differ in this';
    return [{ path, message: 'has no meaning for devices that are idle', hint }];
  }
  const { whyOneKind } = loadShapeIn(group);
  if (whyOneKind !== undefined) {
    const hint = 'remove messages, or give the load by rates; groups may differ in this';
    return [{ path, message: whyOneKind, hint }];
  }
  const errors = Object.entries(messages).flatMap(([name, own]) => checkKind(name, own));
  if (errors.length > 0) return errors;
  const areAllLoaded = Object.values(messages as Readonly<Record<string, JsonObject>>).every(hasLoad);
  if (!areAllLoaded) return checkDivided(group, Object.entries(messages));
  const given = ['ratePerSecond', 'everySeconds', 'burst', 'startRate'].filter(
    (setting) => group[setting] !== undefined,
  );
  return [...given, ...(hasTargets(group.stages) ? ['stages'] : [])].map((setting) => ({
    ...givenTwice(setting, 'the load', 'every kind of message'),
    hint: `remove ${setting === 'stages' ? 'the targets of the stages' : setting}, or give a kind a weight in place of its load`,
  }));
}

/** A load that kinds divide by their weights has no message of all devices at once, and no gaps of one device. */
function checkDivided(group: JsonObject, kinds: readonly (readonly [string, unknown])[]): InputError[] {
  const hint = 'give each kind of message a burst, or everySeconds, of its own';
  const message = 'cannot be divided between kinds of message by their weights';
  const ofGroup = [
    'burst',
    ...(group.together === true ? ['together'] : []),
    ...(isDistribution(group.everySeconds) ? ['everySeconds'] : []),
  ].filter((setting) => group[setting] !== undefined);
  const ofKinds = kinds.filter(([, own]) => isObject(own) && !hasLoad(own) && own.together === true);
  return [
    ...ofGroup.map((path) => ({ path, message, hint })),
    ...ofKinds.map(([name]) => ({ path: `messages.${name}.together`, message, hint })),
  ];
}

function checkKind(name: string, own: unknown): InputError[] {
  const path = `messages.${name}`;
  if (!kindNamePattern.test(name)) {
    const hint = 'use 1 to 40 letters, digits, - and _';
    return [{ path, message: 'cannot be the name of a kind of message', hint }];
  }
  if (!isObject(own)) {
    return [{ path, message: 'must be an object', hint: 'such as {"sizeBytes": 512, "everySeconds": 60}' }];
  }
  const errors: InputError[] = Object.keys(own)
    .filter((key) => !kindSettings.some((known) => known === key))
    .map((key) => ({
      path: `${path}.${key}`,
      message: 'is not a setting of a kind of message',
      hint: suggestFrom(key, kindSettings, 'those are'),
    }));
  const { weight } = own;
  if (weight === undefined) return errors;
  if (hasLoad(own)) {
    errors.push(givenTwice(`${path}.weight`, 'the load', `${path}.${loadIn(own)}`));
  } else if (typeof weight !== 'number' || !(weight > 0) || weight > 1_000_000) {
    errors.push({
      path: `${path}.weight`,
      message: `must be a number above 0, at most 1000000, not ${JSON.stringify(weight)}`,
      hint: 'its share of the load of the group is this, divided by the weights of all kinds',
    });
  }
  return errors;
}

function loadIn(own: JsonObject): string | undefined {
  return kindLoadSettings.find((setting) => own[setting] !== undefined);
}

function hasLoad(own: JsonObject): boolean {
  return loadIn(own) !== undefined;
}

function weightIn({ weight }: JsonObject): number {
  return typeof weight === 'number' ? weight : 1;
}

/** The flat profile that a kind's settings make with the group's. */
function flatOf(group: JsonObject, own: JsonObject): JsonObject {
  const flat: JsonObject = { ...group };
  if (hasLoad(own)) {
    for (const setting of loadPaths) delete flat[setting];
    if (own.stages === undefined) flat.duration = durationIn(group);
    for (const setting of kindLoadSettings) if (own[setting] !== undefined) flat[setting] = own[setting];
  }
  for (const setting of patternReplacedBy(own)) delete flat[setting];
  for (const setting of kindArrivalSettings) if (own[setting] !== undefined) flat[setting] = own[setting];
  const given = kindPublishSettings.filter((setting) => own[setting] !== undefined);
  const publish = Object.fromEntries(given.map((setting) => [setting, own[setting]]));
  if (group.publish === undefined || isObject(group.publish)) flat.publish = { ...group.publish, ...publish };
  return Object.fromEntries(Object.entries(flat).filter(([, value]) => value !== undefined));
}

/** How long the group publishes: as it says, or as long as its stages last. */
function durationIn({ duration, stages }: JsonObject): unknown {
  if (duration !== undefined || !Array.isArray(stages)) return duration;
  const lengths = listStages(stages).map(({ stage }) =>
    isObject(stage) && typeof stage.duration === 'string' ? parseDuration(stage.duration) : undefined,
  );
  // A malformed one has an error of its own where the stages are read.
  return `${sumBy(lengths, (ms) => ms ?? 0)}ms`;
}

/** The path of an error: in the kind, if the setting was written there. */
function pathIn(name: string, own: JsonObject, path: string): string {
  const [head = '', setting = ''] = path.split(/[.[]/);
  if (head === 'publish' && own[setting] !== undefined)
    return `messages.${name}.${path.slice('publish.'.length)}`;
  const isOfKind = head === 'stages' ? hasLoad(own) : own[head] !== undefined && head !== 'publish';
  return isOfKind ? `messages.${name}.${path}` : path;
}

/** @param share of the profile's load that is the kind's */
function kindOf(name: string, profile: LoadProfile, share: number): MessageKind {
  const { ackTimeoutMs: _, maxUnacknowledged: __, ...publish } = profile.publish;
  return {
    name,
    publish,
    startRatePerSecond: profile.startRatePerSecond * share,
    stages: profile.stages.map(({ durationMs, targetPerSecond }) => ({
      durationMs,
      targetPerSecond: targetPerSecond * share,
    })),
    ...(profile.pattern && { pattern: profile.pattern }),
  };
}

/** What kinds of one group cannot be together. */
function checkTogether({ messages = [], stages }: LoadProfile): InputError[] {
  if (stages.length > maxJoinedStages) {
    const hint = 'divide the kinds between groups, or give them fewer stages or longer periods';
    const message = `have ${stages.length} stages together, and the kinds of a group have ${maxJoinedStages} at most`;
    return [{ path: 'messages', message, hint }];
  }
  const qualities = new Set(messages.map(({ publish }) => publish.qos));
  if (!qualities.has(1) || !qualities.has(2)) return [];
  return [
    {
      path: 'messages',
      message: 'has QoS 1 and QoS 2, whose round trips are different things',
      hint: 'put them into two groups',
    },
  ];
}
