import { type Backoff, defaultBackoff, drawBackoffMs, meanBackoffMs } from '../profile/backoff.ts';
import { sumBy } from '../shared/counts.ts';
import { makeRandom } from '../shared/random.ts';
import { traitsOf } from '../targets/traits-of.ts';
import { accountOf, leastBetweenConnectsMs } from './account.ts';
import { ConnectQuota } from './connect-quota.ts';
import { DueQueue } from './due-queue.ts';
import { mqttGroupsOf } from './groups.ts';
import type { GroupPlan, Plan } from './plan.ts';
import { devicesUntilRecovered, noticeMs, plannedStormsOf, type Storm, stormChoice } from './storms.ts';

/** What a planned storm comes to, as far as devices and the account's quota of connects decide it. */
export interface StormForecast {
  readonly storm: Storm;
  /** Attempts a second once all of its devices wait as long as their backoff lets them. */
  readonly offeredPerSecond: number;
  /** What the account grants; undefined: the target has no such quota that is known. */
  readonly grantedPerSecond: number | undefined;
  /** What its devices need at least at that rate. */
  readonly leastSeconds: number;
  /** From the disconnect until 99 % of the group are connected; null: not before the run ends. */
  readonly recoverySeconds: number | null;
}

/** A plan does not change, and its preflight and its report both need this. */
const known = new WeakMap<Plan, readonly StormForecast[]>();

/** In the order of time; empty where the timeline has no disconnects. */
export function forecastStorms(plan: Plan): readonly StormForecast[] {
  let forecasts = known.get(plan);
  if (forecasts === undefined) {
    forecasts = forecast(plan);
    known.set(plan, forecasts);
  }
  return forecasts;
}

function forecast(plan: Plan): StormForecast[] {
  const storms = plannedStormsOf(plan);
  if (storms.length === 0) return [];
  const grantedPerSecond = traitsOf(plan.target).quotas.includes('connectsPerSecond')
    ? accountOf(plan).limits.connectsPerSecond
    : undefined;
  const recoveries = simulate(plan, storms, grantedPerSecond);
  return storms.map((storm, i) => ({
    storm,
    offeredPerSecond: (storm.devices / longestMeanMs(plan, storm.group)) * 1_000,
    grantedPerSecond,
    leastSeconds: grantedPerSecond === undefined ? 0 : storm.devices / grantedPerSecond,
    recoverySeconds: recoveries[i]!,
  }));
}

/** Between two attempts of a device that has failed often. */
function longestMeanMs(plan: Plan, group: GroupPlan): number {
  return Math.max(meanBackoffMs(backoffOf(group)), leastBetweenConnectsMs(plan));
}

function backoffOf({ profile }: GroupPlan): Backoff {
  return profile.connect.backoff ?? defaultBackoff;
}

/** What one simulation may cost: a few tenths of a second. */
const mostDevices = 10_000;
const mostAttempts = 1_000_000;
const leastDevices = 500;

/** A group's devices in the simulation. */
interface SimulatedGroup {
  readonly plan: GroupPlan;
  readonly first: number;
  readonly devices: number;
}

/**
 * Lets the devices of all storms come back by their backoff against one token bucket of the account's rate, which holds a second's
 * worth: as the embedded IoT Core does it, and as AWS words the quota. An answer takes no time. A large fleet is simulated as a smaller
 * one against a quota that is smaller by as much: what decides is their quotient.
 */
function simulate(
  plan: Plan,
  storms: readonly Storm[],
  quotaPerSecond: number | undefined,
): (number | null)[] {
  const endsAt = plan.timeline.publishEndAt;
  const scale = scaleOf(plan, storms);
  const random = makeRandom(plan.profile.seed, simulationStream);
  const leastBetweenMs = leastBetweenConnectsMs(plan);
  const groups = simulatedGroups(plan, scale);
  const devices = sumBy(groups, (group) => group.devices);
  const groupOf = groups.flatMap((group) => Array<SimulatedGroup>(group.devices).fill(group));
  const isConnected = new Uint8Array(devices).fill(1);
  const failedInARow = new Uint8Array(devices);
  const quota =
    quotaPerSecond === undefined ? undefined : new ConnectQuota(quotaPerSecond * scale, storms[0]!.at);
  const attempts = new DueQueue();
  const disconnected = storms.map(() => new Set<number>());
  const backAfterMs = storms.map((): number[] => []);
  const chosen = storms.map(() => 0);

  const begin = (storm: Storm, i: number): void => {
    const { group } = storm;
    const { first, devices: count } = groups.find((each) => each.plan === group)!;
    if (storm.devices === 0) return;
    // A share of a small part may be no device.
    const isChosen = stormChoice(group, { at: storm.at, share: Math.max(storm.share, 1 / count) }, count);
    for (let device = 0; device < count; device++) {
      if (!isChosen(device)) continue;
      chosen[i]!++;
      disconnected[i]!.add(first + device);
      if (isConnected[first + device] === 0) continue;
      isConnected[first + device] = 0;
      const afterMs = noticeMs(storm) + drawBackoffMs(backoffOf(group), 0, random);
      attempts.add(storm.at + afterMs, first + device);
    }
  };
  const attempt = (device: number, nowMs: number): void => {
    if (quota === undefined || quota.take(nowMs)) {
      isConnected[device] = 1;
      failedInARow[device] = 0;
      for (const [i, waiting] of disconnected.entries())
        if (waiting.delete(device)) backAfterMs[i]!.push(nowMs - storms[i]!.at);
      return;
    }
    failedInARow[device] = Math.min(failedInARow[device]! + 1, 255);
    const delayMs = drawBackoffMs(backoffOf(groupOf[device]!.plan), failedInARow[device]!, random);
    attempts.add(nowMs + Math.max(delayMs, leastBetweenMs), device);
  };

  for (const [i, storm] of storms.entries()) {
    begin(storm, i);
    attempts.runUntil(storms[i + 1]?.at ?? endsAt, attempt);
  }
  return storms.map((storm, i) => {
    const untilRecovered = devicesUntilRecovered(storm);
    if (untilRecovered === 0) return 0;
    const needed = Math.max(1, Math.round((untilRecovered / storm.devices) * chosen[i]!));
    const ms = backAfterMs[i]![needed - 1];
    return ms === undefined ? null : ms / 1_000;
  });
}

/** So many simulated devices stand for one. */
function scaleOf(plan: Plan, storms: readonly Storm[]): number {
  const groups = mqttGroupsOf(plan);
  const devices = sumBy(groups, ({ profile }) => profile.devices);
  const lastsMs = plan.timeline.publishEndAt - storms[0]!.at;
  const betweenMs = Math.min(...groups.map((group) => longestMeanMs(plan, group)));
  const affordable = Math.max(leastDevices, (mostAttempts * Math.max(betweenMs, 1)) / Math.max(lastsMs, 1));
  return Math.min(1, mostDevices / devices, affordable / devices);
}

function simulatedGroups(plan: Plan, scale: number): SimulatedGroup[] {
  let first = 0;
  return mqttGroupsOf(plan).map((group) => {
    const devices = Math.max(1, Math.round(group.profile.devices * scale));
    const simulated = { plan: group, first, devices };
    first += devices;
    return simulated;
  });
}

/** Reconnect delays of a run's slices use others. */
const simulationStream = 0x5702;
