import { isReplacing } from '../profile/lifecycle-kinds.ts';
import type { GroupSettings, LoadProfile, RunProfile } from '../profile/load-profile.ts';
import { sumBy } from '../shared/counts.ts';
import { accountOf } from './account.ts';
import { identityOf, mqttGroupsOf } from './groups.ts';
import {
  busiestConnects,
  connectsAgain,
  firstConnectsOf,
  mostLeavesPerSecond,
  mostWakesPerSecond,
} from './lifecycle.ts';
import { type GroupPlan, identifyDevice, type Plan } from './plan.ts';
import { countReconnects, mostReconnects } from './reconnect-turns.ts';
import { plannedStormsOf } from './storms.ts';
import { countTakenAgain } from './taken-devices.ts';
import type { MessageUsage } from './usage.ts';

type PresencePlan = Parameters<typeof mqttGroupsOf>[0];

/**
 * Life-cycle events of clients, which the service publishes itself.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/life-cycle-events.html
 */
const presenceTopics = '$aws/events/presence/';

/** Of connects and of disconnects, for all clients of the account: a client id is one level of a topic. */
const presenceFilters = [`${presenceTopics}connected/+`, `${presenceTopics}disconnected/+`] as const;

/** Between the observer's connect and the first connect of the others: TLS, CONNACK, SUBACK, and a margin. */
const observerLeadMs = 2_000;

/** An event as it is metered: topic and payload, with some room. */
const eventBytes = 512;

/** The group whose devices observe the others' presence; undefined: none does. */
export function observingGroupOf(plan: PresencePlan): GroupPlan | undefined {
  return mqttGroupsOf(plan).find(isObserving);
}

export function isObserving({ profile }: Pick<GroupPlan, 'profile'>): boolean {
  return profile.observe !== undefined;
}

/** Groups that are observed; empty where no group observes. */
export function observedGroupsOf(plan: PresencePlan): readonly GroupPlan[] {
  const groups = mqttGroupsOf(plan);
  return groups.some(isObserving) ? groups.filter((group) => !isObserving(group)) : [];
}

/** How much later than the observer the devices of a group connect, milliseconds. */
export function connectsAfterMs(
  { groups = [] }: Pick<RunProfile, 'groups'>,
  { observe }: Pick<GroupSettings, 'observe'>,
): number {
  return observe === undefined && groups.some((group) => group.observe !== undefined) ? observerLeadMs : 0;
}

/** Epoch milliseconds: no observed device connects before. */
export function observedConnectsFrom({ timeline }: Pick<Plan, 'timeline'>): number {
  return timeline.startAt + observerLeadMs;
}

/** What each device of an observing group subscribes to: they share the events where there are several of them. */
export function presenceFiltersOf(group: Pick<GroupPlan, 'runId' | 'profile'>): readonly string[] {
  if (group.profile.devices === 1) return presenceFilters;
  return presenceFilters.map((filter) => `$share/stampede-${identityOf(group)}/${filter}`);
}

/** Whether a topic is one of life-cycle events of presence, or a filter one of theirs. */
export function isPresenceTopic(topic: string): boolean {
  return topic.replace(/^\$share\/[^/]*\//, '').startsWith(presenceTopics);
}

/** An event's kind and its client's id, by its topic; undefined: it is none. */
export function parsePresenceTopic(
  topic: string,
): { readonly kind: 'connected' | 'disconnected'; readonly clientId: string } | undefined {
  const [kind, clientId, ...rest] = topic.slice(presenceTopics.length).split('/');
  if ((kind !== 'connected' && kind !== 'disconnected') || !clientId || rest.length > 0) return undefined;
  return { kind, clientId };
}

/** A client that is a device of the run. */
export interface FoundDevice {
  /** Of the client, over the run: where devices replace others, each has its own. */
  readonly index: number;
  /** The place that it has in its slice's group, by index over the run. */
  readonly place: number;
}

/** Finds the device that has a client id; undefined: no observed device of the run has it. */
export function makeDeviceFinder(plan: PresencePlan): (clientId: string) => FoundDevice | undefined {
  const groups = observedGroupsOf(plan);
  return (clientId) => {
    const index = Number(/-d(\d{1,9})$/.exec(clientId)?.[1] ?? Number.NaN);
    const place = index % plan.profile.devices;
    const group = groups.find(
      ({ firstDevice, profile }) => place >= firstDevice && place < firstDevice + profile.devices,
    );
    if (group === undefined || (index !== place && !isReplacing(group.profile.lifecycle))) return undefined;
    const { identity } = group.profile.connect;
    return identifyDevice(plan.runId, index, identity).clientId === clientId ? { index, place } : undefined;
  };
}

/** Whether a client is the run's own, device or not. */
export function isClientOfRun(plan: PresencePlan, clientId: string): boolean {
  const observing = observingGroupOf(plan);
  const identities = [plan.runId, ...(observing === undefined ? [] : [identityOf(observing)])];
  return identities.some((identity) => clientId.startsWith(`stampede-${identity}-`));
}

/** Events of a run, one for each connect and each disconnect. @param connectedMs how long groups are connected */
export function presenceEvents(plan: Plan, connectedMs: number): number {
  const groups = observedGroupsOf(plan);
  const ofStorms = plannedStormsOf(plan).filter(({ group }) => groups.includes(group));
  const connects =
    sumBy(
      groups,
      (group) =>
        firstConnectsOf(group) +
        connectsAgain(group, connectedMs) +
        countReconnects(group.profile) +
        countTakenAgain(group.profile),
    ) + sumBy(ofStorms, ({ devices }) => devices);
  return 2 * connects;
}

/**
 * Events in the busiest second, at most: while devices connect; while they come and go by their lifecycles; or in a storm, where those that
 * come back within the second count twice. At the end of a run all devices disconnect at once: events of that are in no count.
 */
export function mostEventsPerSecond(plan: Plan): number {
  const groups = observedGroupsOf(plan);
  if (groups.length === 0) return 0;
  const lively = sumBy(groups, ({ profile }) => comingAndGoing(profile));
  const connecting = sumBy(groups, ({ profile }) =>
    Math.max(whileConnecting(profile), comingAndGoing(profile)),
  );
  const storms = plannedStormsOf(plan).filter(({ group }) => groups.includes(group));
  const ofStorms = storms.map(({ at }) => {
    const together = storms.filter((storm) => storm.at >= at && storm.at < at + 1_000);
    const devices = sumBy(together, (storm) => storm.devices);
    return lively + devices + Math.min(devices, accountOf(plan).limits.connectsPerSecond);
  });
  return Math.max(connecting, ...ofStorms);
}

/** Connects and disconnects of a group in one second, by its lifecycle or by a search of connects, at most. */
function comingAndGoing(profile: LoadProfile): number {
  if (profile.lifecycle === undefined) return 2 * mostReconnects(profile);
  return mostWakesPerSecond(profile) + mostLeavesPerSecond(profile);
}

/** The same while its devices connect for the first time: those that sleep have begun to. */
function whileConnecting(profile: LoadProfile): number {
  const { lifecycle } = profile;
  if (lifecycle === undefined || 'churn' in lifecycle)
    return Math.min(profile.connect.ratePerSecond, profile.devices);
  return busiestConnects(profile) + mostLeavesPerSecond(profile);
}

/** Filters that the observers subscribe to, one SUBSCRIBE each. */
export function presenceSubscriptions(plan: PresencePlan): number {
  const group = observingGroupOf(plan);
  return group === undefined ? 0 : group.profile.devices * presenceFiltersOf(group).length;
}

/** What AWS meters of events that were delivered. */
export function presenceUsage(events: number): MessageUsage[] {
  if (events === 0) return [];
  const metered = { meteredBytes: eventBytes, publishesIn: 0, rulesTriggered: 0, ruleActions: 0 };
  return [{ ...metered, publishesOut: events }];
}
