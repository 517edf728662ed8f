import { canTakeDevices } from '../profile/device-rules.ts';
import type { DeviceStep, DevicesChange } from '../profile/device-step.ts';
import type { LoadProfile, MessageKind, RunProfile } from '../profile/load-profile.ts';
import { areaOf, rateAt, stretchesOf } from '../profile/load-shapes/rate-stretches.ts';
import { hasUsers } from '../profile/load-shapes/resolved-load.ts';
import { hasRate } from '../profile/rate-rules.ts';
import type { RateChange, RateStep } from '../profile/rate-step.ts';
import { canReconnect } from '../profile/reconnect-rules.ts';
import type { ReconnectChange, ReconnectStep } from '../profile/reconnect-step.ts';
import { estimatedPerUser } from '../profile/user-rules.ts';
import type { UserStep, UsersChange } from '../profile/user-step.ts';
import { sumBy, sumOf } from '../shared/counts.ts';

export type LoadChange = RateChange | UsersChange | ReconnectChange | DevicesChange;

/** A change of the rates of a group, or of all groups; of the users of the one that has users; or of connects a second. */
export interface RateAction {
  /** After publishing begins, as the action says. */
  readonly atMs: number;
  /** Number of a stored action. */
  readonly k?: number;
  /** Of a slice that learned late of it: from when it holds there. Infinity: the slice never learned of it. Absent: `atMs`. */
  readonly fromMs?: number;
  /** Absent: all groups. */
  readonly group?: string;
  readonly change: LoadChange;
}

/** Steps of rates and users of the profile's timeline. */
export function plannedRatesOf({ timeline = [] }: Pick<RunProfile, 'timeline'>): RateAction[] {
  return timeline.flatMap(({ atMs, group, action }) => {
    if (action.kind !== 'rate' && action.kind !== 'users') return [];
    const { kind: _, ...change } = action;
    return [{ atMs, ...(group === undefined ? {} : { group }), change }];
  });
}

/** One rate that actions change: that of a group whose kinds of message have no names, or of one of its kinds. */
interface AmendedPart {
  readonly load: MessageKind | LoadProfile;
  /** The rates that the actions set. */
  readonly steps: RateStep[];
  /** By step: from when it holds. */
  readonly fromMs: number[];
}

/**
 * Groups with the rates that actions give them, each until the next action. A constant rate of several groups or kinds is divided in
 * proportion to their rates at its instant; where all of these are 0, to what each is planned to send.
 * @param actions of the same instant, the later one wins
 * @param names of the groups; absent: a flat profile
 */
export function addRateSteps(
  profiles: readonly LoadProfile[],
  actions: readonly RateAction[],
  names: readonly string[] = [],
): readonly LoadProfile[] {
  const groups = profiles.map((profile, i) => ({
    profile,
    name: names[i],
    own: makePart(profile),
    kinds: profile.messages?.map(makePart),
    users: [] as UserStep[],
    reconnects: [] as ReconnectStep[],
    reconnectsFromMs: [] as number[],
    deviceSteps: [] as DeviceStep[],
    deviceStepsFromMs: [] as number[],
  }));
  const able = groups.filter(({ profile }) => hasRate(profile));
  const withUsers = groups.filter(({ profile }) => hasUsers(profile));
  for (const { atMs, fromMs = atMs, group, change } of actions.toSorted((a, b) => a.atMs - b.atMs)) {
    const isNamed = ({ name }: { readonly name: string | undefined }) =>
      group === undefined || name === group;
    if ('reconnectsPerSecond' in change) {
      const connected = groups.filter((each) => isNamed(each) && canReconnect(each.profile));
      const devices = sumBy(connected, ({ profile }) => profile.devices);
      for (const { profile, reconnects, reconnectsFromMs } of connected) {
        const share = profile.devices / devices;
        reconnects.push({ atMs, reconnectsPerSecond: change.reconnectsPerSecond * share });
        reconnectsFromMs.push(fromMs);
      }
      continue;
    }
    if ('devices' in change) {
      const taking = groups.filter((each) => isNamed(each) && canTakeDevices(each.profile));
      for (const { deviceSteps, deviceStepsFromMs } of taking) {
        deviceSteps.push({ atMs, ...change });
        deviceStepsFromMs.push(fromMs);
      }
      continue;
    }
    if ('count' in change) {
      for (const closed of withUsers.filter(isNamed)) {
        const { own, profile, users } = closed;
        own.steps.push({ atMs, perSecond: change.count * estimatedPerUser(profile) });
        own.fromMs.push(fromMs);
        users.push({ atMs, ...change });
      }
      continue;
    }
    const chosen = able.filter(isNamed);
    const parts = chosen.flatMap(({ own, kinds = [own] }) => kinds);
    const shares = 'perSecond' in change ? sharesAt(parts, atMs) : [];
    const add = ({ steps, fromMs: from }: AmendedPart, share: number) => {
      steps.push('perSecond' in change ? { atMs, perSecond: change.perSecond * share } : { atMs, ...change });
      from.push(fromMs);
    };
    const shareOf = new Map(parts.map((part, i) => [part, shares[i] ?? 0]));
    for (const { own, kinds } of chosen) {
      for (const kind of kinds ?? []) add(kind, shareOf.get(kind)!);
      add(own, kinds === undefined ? shareOf.get(own)! : sumOf(kinds.map((kind) => shareOf.get(kind)!)));
    }
  }
  return groups.map(({ profile, own, kinds, users, ...connections }) => {
    const { reconnects, reconnectsFromMs, deviceSteps, deviceStepsFromMs } = connections;
    const connecting = {
      ...profile,
      ...followedBy('reconnects', profile, inForce(profile, reconnects, reconnectsFromMs)),
      ...followedBy('deviceSteps', profile, inForce(profile, deviceSteps, deviceStepsFromMs)),
    };
    if (own.steps.length === 0) return connecting;
    return {
      ...connecting,
      ...stepsOf(own),
      ...(users.length > 0 && { userSteps: inForce(own.load, users, own.fromMs) }),
      ...(kinds && {
        messages: kinds.map((kind, i) => ({ ...profile.messages![i]!, ...stepsOf(kind) })),
      }),
    };
  });
}

/** Steps of a search's plan hold until the first of an action. */
function followedBy<Name extends 'reconnects' | 'deviceSteps'>(
  name: Name,
  profile: LoadProfile,
  steps: NonNullable<LoadProfile[Name]>,
): Pick<LoadProfile, Name> | undefined {
  const [first] = steps;
  if (first === undefined) return undefined;
  const before = (profile[name] ?? []).filter(({ atMs }) => atMs < first.atMs);
  return { [name]: [...before, ...steps] } as unknown as Pick<LoadProfile, Name>;
}

function makePart(load: MessageKind | LoadProfile): AmendedPart {
  return { load, steps: [], fromMs: [] };
}

/** In proportion to the rates at an instant. */
function sharesAt(parts: readonly AmendedPart[], atMs: number): number[] {
  const rates = parts.map(({ load, steps }) => rateAt({ ...load, rateSteps: steps }, atMs));
  const weights = rates.some((rate) => rate > 0) ? rates : parts.map(({ load }) => areaOf(stretchesOf(load)));
  const sum = sumOf(weights);
  return weights.map((weight) => weight / sum);
}

function stepsOf({ load, steps, fromMs }: AmendedPart): Pick<LoadProfile, 'rateSteps'> {
  const rateSteps = inForce(load, steps, fromMs);
  return rateSteps.length === 0 ? {} : { rateSteps };
}

/** Those that hold for some time before the load ends: a step that a later one has overtaken does not. */
function inForce<Step extends { readonly atMs: number }>(
  { stages }: MessageKind | LoadProfile,
  steps: readonly Step[],
  fromMs: readonly number[],
): Step[] {
  const endMs = sumOf(stages.map(({ durationMs }) => durationMs));
  return steps.flatMap((step, i) => {
    const atMs = Math.max(0, fromMs[i]!);
    const isOvertaken = fromMs.slice(i + 1).some((later) => Math.max(0, later) <= atMs);
    return isOvertaken || atMs >= endMs ? [] : [{ ...step, atMs }];
  });
}
