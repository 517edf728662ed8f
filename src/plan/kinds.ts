import type { LoadProfile, MessageSettings, PublishSettings } from '../profile/load-profile.ts';
import { burstExcess } from '../profile/load-shapes/arrival-pattern.ts';
import { sumBy } from '../shared/counts.ts';
import { makeArrivalRate } from './arrival-rate.ts';
import { presentExcess, presentShare } from './lifecycle.ts';
import type { GroupPlan, Load } from './plan.ts';

/** One kind of message of a group, as if it were all that the group sends: what depends on messages is computed kind by kind. */
export interface KindPlan extends GroupPlan {
  /** Undefined: the one kind of a group whose profile names none. */
  readonly kind: string | undefined;
  /** Number of its stream in each slice of the group: from 1, in the profile's order; 0: the profile names no kinds. */
  readonly stream: number;
}

/** A group does not change, and each of its slices needs its kinds several times. */
const known = new WeakMap<GroupPlan, readonly KindPlan[]>();

/** In the order of the profile; one where it names none. */
export function kindsOf(group: GroupPlan): readonly KindPlan[] {
  let kinds = known.get(group);
  if (kinds === undefined) {
    kinds = divideIntoKinds(group);
    known.set(group, kinds);
  }
  return kinds;
}

function divideIntoKinds(group: GroupPlan): readonly KindPlan[] {
  if (group.profile.messages === undefined) return [{ kind: undefined, stream: 0, ...group }];
  return kindProfilesOf(group.profile).map((profile, i) => ({
    ...group,
    kind: group.profile.messages![i]!.name,
    stream: i + 1,
    profile,
    load: loadOf(profile),
  }));
}

/** Whether its messages have the RETAIN flag. */
export function isRetained({ profile }: Pick<KindPlan, 'profile'>): boolean {
  return profile.publish.retain === true;
}

/** Whether its messages go to the stack's rule by its name. */
export function isBasicIngest({ profile }: Pick<KindPlan, 'profile'>): boolean {
  return profile.publish.basicIngest === true;
}

/** @param profiles of groups */
export function usesBasicIngest(profiles: readonly LoadProfile[]): boolean {
  return profiles.flatMap(kindProfilesOf).some((profile) => isBasicIngest({ profile }));
}

/** Each kind's profile as if it were the whole group's; of a group that names none itself. */
export function kindProfilesOf(profile: LoadProfile): readonly LoadProfile[] {
  const { messages, rateSteps: _, ...group } = profile;
  if (messages === undefined) return [profile];
  return messages.map(({ publish, startRatePerSecond, stages, rateSteps, pattern }) => ({
    ...group,
    // A setting that a kind lacks is off, not the group's.
    publish: { ...ofDevices(group.publish), ...publish },
    startRatePerSecond,
    stages,
    ...(rateSteps && { rateSteps }),
    ...(pattern && { pattern }),
  }));
}

/** What all kinds of message of a device have in common. */
function ofDevices({
  ackTimeoutMs,
  maxUnacknowledged,
}: PublishSettings): Omit<PublishSettings, keyof MessageSettings> {
  return { ackTimeoutMs, maxUnacknowledged };
}

/** What is planned of one group: whole messages of each of its kinds. */
export function plannedLoadOf(profile: LoadProfile): Load {
  return {
    messages: sumBy(kindProfilesOf(profile), (kind) => loadOf(kind).messages),
    peakPerSecond: intendedPeak(profile),
  };
}

function loadOf(profile: LoadProfile): Load {
  // Rounded, because floating-point error can leave the sum of the stages just below a whole number.
  return { messages: Math.round(makeArrivalRate(profile).messages), peakPerSecond: intendedPeak(profile) };
}

function intendedPeak(profile: LoadProfile): number {
  const due = makeArrivalRate(profile).peakPerSecond + burstExcess(profile);
  return due * presentShare(profile) + presentExcess(profile);
}
