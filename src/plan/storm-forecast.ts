import { type Backoff, defaultBackoff, drawBackoffMs, meanBackoffMs } from '../profile/backoff.ts';
import { sumBy, sumOf } from '../shared/counts.ts';
import { makeRandom } from '../shared/random.ts';
import { traitsOf } from '../targets/traits-of.ts';
import { accountOf, leastBetweenConnectsMs } from './account.ts';
import type { LiveAction } from './actions/action.ts';
import { networkOf } from './actions/network.ts';
import { ConnectQuota } from './connect-quota.ts';
import { DueQueue } from './due-queue.ts';
import { devicesAtHome, failoverChoice } from './failovers.ts';
import { mqttGroupsOf } from './groups.ts';
import { connectPathsOf } from './network/connect-path.ts';
import type { GroupPlan, Plan, RegionPlan } from './plan.ts';
import {
  devicesUntilRecovered,
  noticeMs,
  plannedActionsOf,
  type Storm,
  stormChoice,
  stormedGroupsOf,
  stormsOf,
} from './storms.ts';

/** What a storm comes to, as far as devices, their network and the account's quota of connects decide it. */
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

/**
 * In the order of time; empty without disconnects.
 * @param actions that were issued while the run went on; only disconnects and changes of the network count
 */
export function forecastStorms(plan: Plan, actions: readonly LiveAction[] = []): readonly StormForecast[] {
  const own = actions.filter(
    (action) => stormedGroupsOf(plan, action).length > 0 || networkOf(action) !== undefined,
  );
  if (own.length > 0) return forecast(plan, own);
  let forecasts = known.get(plan);
  if (forecasts === undefined) {
    forecasts = forecast(plan, []);
    known.set(plan, forecasts);
  }
  return forecasts;
}

function forecast(plan: Plan, actions: readonly LiveAction[]): StormForecast[] {
  const storms = stormsOf(plan, [...plannedActionsOf(plan), ...actions]);
  if (storms.length === 0) return [];
  const quotas = quotasOf(plan);
  const recoveries = simulate(plan, actions, storms, quotas);
  return storms.map((storm, i) => {
    const grantedPerSecond = quotas && grantedOf(quotas, storm);
    return {
      storm,
      offeredPerSecond: (storm.devices / longestMeanMs(plan, storm.group)) * 1_000,
      grantedPerSecond,
      leastSeconds: grantedPerSecond === undefined ? 0 : storm.devices / grantedPerSecond,
      recoverySeconds: recoveries[i]!,
    };
  });
}

/** Connects a second by Region; of a plan without Regions under an empty name. */
type Quotas = ReadonlyMap<string, number>;

const onlyRegion = '';

function quotasOf(plan: Plan): Quotas | undefined {
  if (!traitsOf(plan.target).quotas.includes('connectsPerSecond')) return undefined;
  const regions: readonly Pick<RegionPlan, 'name' | 'account'>[] = plan.regions ?? [{ name: onlyRegion }];
  return new Map(
    regions.map(({ name, account }) => [name, (account ?? accountOf(plan)).limits.connectsPerSecond]),
  );
}

/** Devices of a failover connect to one Region, those of a disconnect to all. */
function grantedOf(quotas: Quotas, { moves }: Storm): number {
  return moves === undefined ? sumOf([...quotas.values()]) : (quotas.get(moves.to) ?? 0);
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
  /** Parts that are at home in one Region each, one after the other. */
  readonly homes: readonly SimulatedHome[];
}

interface SimulatedHome {
  readonly region: string;
  /** Of the group's simulated devices, the first one. */
  readonly first: number;
  readonly devices: number;
}

/**
 * Lets the devices of all storms come back by their backoff against one token bucket of the account's rate in each Region, which holds a second's
 * worth: as the embedded IoT Core does it, and as AWS words the quota. An answer takes the time of the group's network, and none without
 * one. A large fleet is simulated as a smaller one against a quota that is smaller by as much: what decides is their quotient.
 */
function simulate(
  plan: Plan,
  actions: readonly LiveAction[],
  storms: readonly Storm[],
  quotas: Quotas | undefined,
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
  const buckets = new Map(
    [...(quotas ?? [])].map(([region, perSecond]) => [
      region,
      new ConnectQuota(perSecond * scale, storms[0]!.at),
    ]),
  );
  const regionOf = groups.flatMap(({ homes }) =>
    homes.flatMap((home) => Array<string>(home.devices).fill(home.region)),
  );
  const paths = connectPathsOf(plan, actions, groups);
  const givesUpAt = new Float64Array(devices);
  const answerMs = new Float64Array(devices);
  // Device d begins an attempt as number d, its CONNECT arrives as number D + d, its CONNACK as 2 D + d.
  const due = new DueQueue();
  const disconnected = storms.map(() => new Set<number>());
  const backAfterMs = storms.map((): number[] => []);
  const chosen = storms.map(() => 0);

  const begin = (storm: Storm, i: number): void => {
    const { group, moves } = storm;
    const simulated = groups.find((each) => each.plan === group)!;
    const { first } = simulated;
    if (storm.devices === 0) return;
    for (const device of chosenOf(simulated, storm)) {
      if (moves !== undefined) {
        if (regionOf[first + device] !== moves.from) continue;
        regionOf[first + device] = moves.to;
      }
      chosen[i]!++;
      disconnected[i]!.add(first + device);
      if (isConnected[first + device] === 0) continue;
      isConnected[first + device] = 0;
      const afterMs = noticeMs(storm) + drawBackoffMs(backoffOf(group), 0, random);
      due.add(storm.at + afterMs, first + device);
    }
  };
  const failed = (device: number, atMs: number): void => {
    failedInARow[device] = Math.min(failedInARow[device]! + 1, 255);
    const delayMs = drawBackoffMs(backoffOf(groupOf[device]!.plan), failedInARow[device]!, random);
    due.add(atMs + Math.max(delayMs, leastBetweenMs), device);
  };
  const connected = (device: number, nowMs: number): void => {
    isConnected[device] = 1;
    failedInARow[device] = 0;
    for (const [i, waiting] of disconnected.entries())
      if (waiting.delete(device)) backAfterMs[i]!.push(nowMs - storms[i]!.at);
  };
  const arrived = (device: number, nowMs: number): void => {
    const isGranted = buckets.get(regionOf[device]!)?.take(nowMs) ?? true;
    const answeredAt = nowMs + answerMs[device]!;
    if (answeredAt > givesUpAt[device]!) failed(device, givesUpAt[device]!);
    else if (!isGranted) failed(device, answeredAt);
    else if (answeredAt === nowMs) connected(device, nowMs);
    else due.add(answeredAt, 2 * devices + device);
  };
  const attempt = (device: number, nowMs: number): void => {
    const { plan: group, first } = groupOf[device]!;
    const path = paths.get(group.number);
    givesUpAt[device] = nowMs + group.profile.connect.timeoutMs;
    if (path === undefined) {
      arrived(device, nowMs);
      return;
    }
    const arriving = path.begin(device - first, nowMs);
    if (arriving === undefined) failed(device, givesUpAt[device]!);
    else {
      answerMs[device] = arriving.answerMs;
      due.add(arriving.arrivesAt, devices + device);
    }
  };
  const steps = [attempt, arrived, connected];
  const take = (number: number, nowMs: number): void =>
    steps[Math.floor(number / devices)]!(number % devices, nowMs);

  for (const [i, storm] of storms.entries()) {
    begin(storm, i);
    due.runUntil(storms[i + 1]?.at ?? endsAt, take);
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
    const simulated = { plan: group, first, devices, homes: simulatedHomes(plan, group, devices) };
    first += devices;
    return simulated;
  });
}

/** @param devices of the group that are simulated */
function simulatedHomes(plan: Plan, group: GroupPlan, devices: number): SimulatedHome[] {
  const whole = [...devicesAtHome(plan, group)];
  if (whole.length === 0) return [{ region: onlyRegion, first: 0, devices }];
  let before = 0;
  return whole.map(([region, count]) => {
    const first = Math.round((devices * before) / group.profile.devices);
    before += count;
    return { region, first, devices: Math.round((devices * before) / group.profile.devices) - first };
  });
}

/** Simulated devices of a group that a storm is for, by their numbers in it: of a failover those that move if they are in its Region. */
function chosenOf({ plan, devices, homes }: SimulatedGroup, { at, share, moves }: Storm): number[] {
  // A share of a small part may be no device.
  const atLeastOne = (count: number) => ({ at, share: Math.max(share, 1 / count) });
  if (moves === undefined) return numbersWhere(devices, stormChoice(plan, atLeastOne(devices), devices));
  return homes.flatMap((home) =>
    numbersWhere(home.devices, failoverChoice(plan, atLeastOne(home.devices), home.devices)).map(
      (device) => home.first + device,
    ),
  );
}

function numbersWhere(count: number, isChosen: (device: number) => boolean): number[] {
  return Array.from({ length: count }, (_, device) => device).filter(isChosen);
}

/** Reconnect delays of a run's slices use others. */
const simulationStream = 0x5702;
