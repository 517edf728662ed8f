import type { GroupSettings, LoadProfile, MessageKind, RunProfile, Stage } from '../profile/load-profile.ts';
import type { PlannedAction } from '../profile/planned-action.ts';
import type { InputError } from '../shared/errors.ts';
import { groupProfilesOf, groupsOf, intendedPeakOf } from './groups.ts';
import { plannedLoadOf } from './kinds.ts';
import type { LoadAction, LoadChange } from './load-actions/load-action.ts';
import type { Plan, PlannedGroup, RegionPlan } from './plan.ts';
import { devicesIn, devicesOfGroupIn, ownRegionOf } from './regions.ts';

const known = new WeakMap<Plan, readonly Plan[]>();

/**
 * A plan as one Region each has it, for what adds up there: quotas, Lambdas, cost. Its devices and its rates are the Region's, and its account
 * and stack that Region's. A plan of one Region is its own view. Which messages a slice has follows from the plan alone: a view's rates are
 * those of the whole times the Region's share of the devices, to a message.
 */
export function viewsOf(plan: Plan): readonly Plan[] {
  const { regions } = plan;
  if (regions === undefined) return [plan];
  let views = known.get(plan);
  if (views === undefined) {
    const own = ownRegionOf(plan);
    views = (own === undefined ? regions : [own]).map((region) => viewOf(plan, region));
    known.set(plan, views);
  }
  return views;
}

/** The view of a plan that is of one Region, or has no Regions. */
export function viewHere(plan: Plan): Plan {
  return viewsOf(plan)[0]!;
}

/** Errors of views, each of which names its Regions: one that is the same in several is stated once. */
export function errorsInRegions(
  views: readonly Plan[],
  errorsOf: (view: Plan, i: number) => readonly InputError[],
): InputError[] {
  const found = new Map<string, { readonly error: InputError; readonly names: Set<string> }>();
  for (const [i, view] of views.entries())
    for (const error of errorsOf(view, i)) {
      const key = JSON.stringify([error.path, error.message, error.hint]);
      const known = found.get(key) ?? { error, names: new Set<string>() };
      found.set(key, known);
      known.names.add(view.region ?? '');
    }
  return [...found.values()].map(({ error, names }) => ({
    ...error,
    message: `in ${[...names].join(', ')}: ${error.message}`,
  }));
}

function viewOf(plan: Plan, region: RegionPlan): Plan {
  const { regions: _, ownLoadActions: _own, ...rest } = plan;
  const groups = groupsOf(plan);
  const share = devicesIn(plan, region) / plan.profile.devices;
  const shares = new Map(
    groups.map((each) => [each.group, devicesOfGroupIn(each, region) / each.profile.devices]),
  );
  const shareOf = (group: string | undefined): number => (group === undefined ? share : shares.get(group)!);
  const profile = scaleProfile(plan.profile, share, shareOf);
  const loadActions = plan.loadActions?.map(
    (action): LoadAction => ({ ...action, change: scaleChange(action.change, shareOf(action.group)) }),
  );
  const profiles = groupProfilesOf(profile, loadActions);
  const planned = profiles.map(
    (each, i): PlannedGroup => ({
      load: plannedLoadOf(each),
      slices: { ...groups[i]!.slices, count: region.slices[i]!.count },
    }),
  );
  const ofDevices = planned.filter((_, i) => profiles[i]!.command === undefined);
  return {
    ...rest,
    region: region.name,
    profile,
    ...(loadActions && { loadActions }),
    load: {
      messages: ofDevices.reduce((sum, { load }) => sum + load.messages, 0),
      peakPerSecond: intendedPeakOf(profiles.filter(({ command }) => command === undefined)),
    },
    slices: {
      count: planned.reduce((sum, { slices }) => sum + slices.count, 0),
      devicesPerSlice: plan.slices.devicesPerSlice,
    },
    ...(plan.groups && { groups: planned }),
    ...(region.target && { target: region.target }),
    ...(region.account && { account: region.account }),
    ...(region.deployment && { deployment: region.deployment }),
  };
}

function scaleProfile(
  profile: RunProfile,
  share: number,
  shareOf: (group: string | undefined) => number,
): RunProfile {
  const { groups, timeline, regions: _, ...run } = profile as LoadProfile;
  const scaled = {
    ...(groups === undefined ? scaleGroup(run, share) : run),
    devices: Math.round(profile.devices * share),
    ...(groups && { groups: groups.map((group) => scaleGroup(group, shareOf(group.name))) }),
    ...(timeline && { timeline: timeline.map((entry) => scaleAction(entry, shareOf(entry.group))) }),
  };
  return scaled;
}

/** What a group's devices do together; what one of them does stays. */
function scaleGroup<Group extends GroupSettings>(group: Group, share: number): Group {
  const { devices, connect, messages, users } = group;
  return {
    ...group,
    devices: Math.round(devices * share),
    connect: { ...connect, ratePerSecond: connect.ratePerSecond * share },
    ...scaleRates(group, share),
    ...(messages && {
      messages: messages.map((kind): MessageKind => ({ ...kind, ...scaleRates(kind, share) })),
    }),
    ...(users && { users: { ...users, startUsers: Math.round(users.startUsers * share) } }),
  };
}

function scaleRates(
  { startRatePerSecond, stages }: Pick<MessageKind, 'startRatePerSecond' | 'stages'>,
  share: number,
): Pick<MessageKind, 'startRatePerSecond' | 'stages'> {
  return {
    startRatePerSecond: startRatePerSecond * share,
    stages: stages.map(
      (stage): Stage => ({
        ...stage,
        targetPerSecond: stage.targetPerSecond * share,
        ...(stage.targetUsers !== undefined && { targetUsers: Math.round(stage.targetUsers * share) }),
      }),
    ),
  };
}

function scaleAction(entry: PlannedAction, share: number): PlannedAction {
  const { action } = entry;
  switch (action.kind) {
    case 'rate':
    case 'users':
    case 'connects':
    case 'devices':
      return { ...entry, action: scaleChange(action, share) };
    default:
      return entry;
  }
}

/** A factor is the same in every Region. */
function scaleChange(change: LoadChange, share: number): LoadChange {
  if ('perSecond' in change) return { ...change, perSecond: change.perSecond * share };
  if ('count' in change) return { ...change, count: Math.round(change.count * share) };
  return change;
}
