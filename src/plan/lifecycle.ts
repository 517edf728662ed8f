import {
  type ChurningLifecycle,
  connectsEachMessage,
  isReplacing,
  isShrinking,
  type Lifecycle,
  meanMsOf,
  type SleepingLifecycle,
  skipsMessages,
  type TimeRange,
} from '../profile/lifecycle-kinds.ts';
import type { GroupSettings, LoadProfile } from '../profile/load-profile.ts';
import { burstExcess, excessPerDevice } from '../profile/load-shapes/arrival-pattern.ts';
import { keepAlivesUntilNoticed } from '../profile/planned-action.ts';
import { PositionalRandom } from '../shared/random.ts';
import { makeArrivalRate } from './arrival-rate.ts';
import type { GroupPlan, Timeline } from './plan.ts';

/** A stretch in which a device is there, milliseconds after `zeroOf`; the first may begin before that. */
export interface AwakeStretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Payloads use lane 0 and up of the same seed. */
const lifecycleLane = 0x51ee;

/** When a lifecycle begins, epoch milliseconds: devices sleep from when they begin to connect, and leave from when they begin to publish. */
export function zeroOf(lifecycle: Lifecycle, { startAt, publishAt }: Timeline): number {
  return 'churn' in lifecycle ? publishAt : startAt;
}

/**
 * A device's stretches, without an end.
 *
 * Asleep in between: cycle k is awake and then asleep, for times that seed, device and k decide. Devices begin at any point of their first
 * cycle, each as likely, so that their connects are spread from the start.
 *
 * Churn: stretch k is the life of the k-th device in this place. A device leaves at any time with the same probability, so that its life is
 * distributed exponentially, with the mean 1 ÷ `sharePerMinute`. Where no new one takes its place the second stretch never begins.
 * @param device index over the run
 */
export function awakeStretches(
  lifecycle: SleepingLifecycle | ChurningLifecycle,
  seed: number,
  device: number,
): Generator<AwakeStretch, never> {
  return 'awake' in lifecycle ? cyclesOf(lifecycle, seed, device) : livesOf(lifecycle.churn, seed, device);
}

function* cyclesOf(
  { awake, asleep }: SleepingLifecycle,
  seed: number,
  device: number,
): Generator<AwakeStretch, never> {
  const random = new PositionalRandom(seed);
  let fromMs = 0;
  for (let k = 0; ; k++) {
    random.seek(device, k, lifecycleLane);
    const awakeMs = drawFrom(awake, random);
    const asleepMs = drawFrom(asleep, random);
    if (k === 0) fromMs = -random.next() * (awakeMs + asleepMs);
    yield { fromMs, toMs: fromMs + awakeMs };
    fromMs += awakeMs + asleepMs;
  }
}

const minuteMs = 60_000;

function* livesOf(
  { sharePerMinute, replace }: ChurningLifecycle['churn'],
  seed: number,
  device: number,
): Generator<AwakeStretch, never> {
  const random = new PositionalRandom(seed);
  let fromMs = Number.NEGATIVE_INFINITY;
  for (let k = 0; ; k++) {
    random.seek(device, k, lifecycleLane);
    const lifeMs = (-Math.log(1 - random.next()) * minuteMs) / sharePerMinute;
    const toMs = Math.max(fromMs, 0) + lifeMs;
    yield { fromMs, toMs };
    fromMs = replace ? toMs : Number.POSITIVE_INFINITY;
  }
}

function drawFrom({ leastMs, mostMs }: TimeRange, random: PositionalRandom): number {
  return leastMs + (mostMs - leastMs) * random.next();
}

/** The longest that a message waits because its device sleeps; 0 for a group whose devices stay awake, or whose messages do not wait. */
export function longestSleepMs({ lifecycle }: Pick<GroupSettings, 'lifecycle'>): number {
  if (lifecycle === undefined || !('awake' in lifecycle) || lifecycle.whenAsleep === 'skip') return 0;
  return lifecycle.asleep.mostMs;
}

type LivelyGroup = Pick<LoadProfile, 'lifecycle' | 'devices' | 'startRatePerSecond' | 'stages' | 'pattern'>;

/** From when a device opens a connection for a message until it has ended it, as a forecast takes it. */
const connectionOfMessageMs = 1_000;

/** Of the devices of a group while all are there: the share that is connected, and how many connect in a second; undefined: they stay connected. */
export function wakingOf(
  profile: LivelyGroup,
): { readonly awakeShare: number; readonly wakesPerSecond: number } | undefined {
  const { lifecycle, devices } = profile;
  if (lifecycle === undefined) return undefined;
  if ('connect' in lifecycle) {
    const { messages, durationMs } = makeArrivalRate(profile);
    const perSecond = messages / (durationMs / 1_000);
    return {
      awakeShare: Math.min(1, (perSecond * connectionOfMessageMs) / 1_000 / devices),
      wakesPerSecond: perSecond,
    };
  }
  if ('churn' in lifecycle) {
    const { sharePerMinute, replace } = lifecycle.churn;
    return { awakeShare: 1, wakesPerSecond: replace ? (devices * sharePerMinute) / 60 : 0 };
  }
  const cycleMs = meanMsOf(lifecycle.awake) + meanMsOf(lifecycle.asleep);
  return { awakeShare: meanMsOf(lifecycle.awake) / cycleMs, wakesPerSecond: (devices / cycleMs) * 1_000 };
}

/** Devices of a group that connect once before their lifecycle begins; the first connect of others is one of `connectsAgain`. */
export function firstConnectsOf({ profile }: Pick<GroupPlan, 'profile'>): number {
  return connectsEachMessage(profile) ? 0 : profile.devices;
}

type TimedGroup = Pick<GroupPlan, 'profile' | 'load' | 'timeline'>;

/**
 * Connects of a group after its devices' first ones: on average, rounded; of devices that connect for each message, all.
 * @param connectedMs how long the group is connected, from the plan's `startAt`
 */
export function connectsAgain({ profile, load, timeline }: TimedGroup, connectedMs: number): number {
  if (connectsEachMessage(profile)) return load.messages;
  return Math.round(
    ((wakingOf(profile)?.wakesPerSecond ?? 0) * livelyMs(profile, timeline, connectedMs)) / 1_000,
  );
}

/** Connections of a group that its lifecycle ends: on average, rounded. @param connectedMs as of `connectsAgain` */
export function leavesOf(group: TimedGroup, connectedMs: number): number {
  const { devices, lifecycle } = group.profile;
  if (!isShrinking(lifecycle)) return connectsAgain(group, connectedMs);
  const minutes = livelyMs(group.profile, group.timeline, connectedMs) / minuteMs;
  return Math.round(devices * (1 - Math.exp(-lifecycle.churn.sharePerMinute * minutes)));
}

/**
 * Share of the time that a group's devices are connected, of all that the group is. Of a fleet that shrinks at the rate r, each device is
 * there for (1 − e^(−rt)) ÷ r of the time t on average.
 * @param connectedMs as of `connectsAgain`
 */
export function connectedShare({ profile, timeline }: TimedGroup, connectedMs: number): number {
  const { lifecycle } = profile;
  if (!isShrinking(lifecycle)) return wakingOf(profile)?.awakeShare ?? 1;
  const shrinksMs = livelyMs(profile, timeline, connectedMs);
  const ratePerMs = lifecycle.churn.sharePerMinute / minuteMs;
  return (connectedMs - shrinksMs + (1 - Math.exp(-ratePerMs * shrinksMs)) / ratePerMs) / connectedMs;
}

/** How long a group's lifecycle goes on while it is connected. */
function livelyMs({ lifecycle }: LivelyGroup, timeline: Timeline, connectedMs: number): number {
  if (lifecycle === undefined) return 0;
  return Math.max(0, timeline.startAt + connectedMs - zeroOf(lifecycle, timeline));
}

/** Share of the messages due in a second that are intended while the most devices are there: a fleet that shrinks is whole at first. */
export function presentShare(profile: LivelyGroup): number {
  const { lifecycle } = profile;
  if (lifecycle === undefined || !('awake' in lifecycle) || !skipsMessages(lifecycle)) return 1;
  return wakingOf(profile)?.awakeShare ?? 1;
}

/**
 * By how much the intended messages of the busiest second may be above that share p of those due, λ: three standard deviations. The devices that are
 * due have λ ÷ m turns of m messages each; each turn counts with the probability p, and the variance is λ · m · p · (1 − p).
 */
export function presentExcess(profile: LivelyGroup): number {
  const share = presentShare(profile);
  const perSecond = makeArrivalRate(profile).peakPerSecond;
  const due = perSecond + burstExcess(profile);
  const atOnce = Math.max(1, perSecond / profile.devices + excessPerDevice(profile));
  return Math.min(due * (1 - share), 3 * Math.sqrt(due * atOnce * share * (1 - share)));
}

/** A mean with three standard deviations of a Poisson distribution, which a count hardly ever exceeds. */
function withThreeDeviations(mean: number): number {
  return mean + 3 * Math.sqrt(mean);
}

/** Connections of a group that its lifecycle ends in one second, at most. */
export function mostLeavesPerSecond(profile: LivelyGroup): number {
  const { devices, lifecycle } = profile;
  if (!isShrinking(lifecycle)) return mostWakesPerSecond(profile);
  return Math.min(devices, withThreeDeviations((devices * lifecycle.churn.sharePerMinute) / 60));
}

/** Devices of a group that connect again in one second, at most. */
export function mostWakesPerSecond(profile: LivelyGroup): number {
  // Messages have turns of their own, and what random arrivals add to them is in the forecast of the busiest second.
  if (connectsEachMessage(profile)) return makeArrivalRate(profile).peakPerSecond + burstExcess(profile);
  const most = withThreeDeviations(wakingOf(profile)?.wakesPerSecond ?? 0);
  // A place may be taken several times in a second; a device sleeps for longer.
  return isReplacing(profile.lifecycle) ? most : Math.min(profile.devices, most);
}

/** Devices of a group that are connected at once, at most. */
export function mostAwake(profile: LivelyGroup): number {
  if (connectsEachMessage(profile))
    return Math.min(
      profile.devices,
      Math.ceil((mostWakesPerSecond(profile) * connectionOfMessageMs) / 1_000),
    );
  const waking = wakingOf(profile);
  if (waking === undefined || waking.awakeShare === 1) return profile.devices;
  return Math.min(profile.devices, Math.ceil(withThreeDeviations(profile.devices * waking.awakeShare)));
}

/** Devices of a group that its lifecycle keeps without a connection at once, at most; they come back. */
export function mostAsleep(profile: LivelyGroup): number {
  const waking = wakingOf(profile);
  if (waking === undefined || waking.awakeShare === 1) return 0;
  return Math.min(profile.devices, Math.ceil(withThreeDeviations(profile.devices * (1 - waking.awakeShare))));
}

/**
 * Connections that silent devices have left and the service has not closed yet, at most: it waits for one and a half times the
 * keep-alive. A device that comes back under its client id has its old one closed.
 */
function mostLingering(profile: LivelyGroup & Pick<LoadProfile, 'connect'>): number {
  const { lifecycle, connect } = profile;
  if (lifecycle?.disconnect !== 'silent') return 0;
  const lastsMs = Math.min(keepAlivesUntilNoticed * connect.keepAliveMs, makeArrivalRate(profile).durationMs);
  return withThreeDeviations(((wakingOf(profile)?.wakesPerSecond ?? 0) * lastsMs) / 1_000);
}

/** Connections of a group that are open at once, at most. */
export function mostConnections(profile: LivelyGroup & Pick<LoadProfile, 'connect'>): number {
  const most = Math.ceil(mostAwake(profile) + mostLingering(profile));
  return isReplacing(profile.lifecycle) ? most : Math.min(profile.devices, most);
}

/**
 * Connects of a group in its busiest second: while those that begin awake connect at the profile's rate, others wake. Devices that leave
 * do so once all are connected.
 */
export function busiestConnects(profile: LivelyGroup & Pick<LoadProfile, 'connect'>): number {
  const first = Math.min(profile.connect.ratePerSecond, profile.devices);
  const { lifecycle } = profile;
  const waking = wakingOf(profile);
  if (lifecycle === undefined || waking === undefined) return first;
  if ('connect' in lifecycle) return mostWakesPerSecond(profile);
  if ('churn' in lifecycle) return Math.max(first, mostWakesPerSecond(profile));
  return Math.min(profile.devices, first * waking.awakeShare + withThreeDeviations(waking.wakesPerSecond));
}
