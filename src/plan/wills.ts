import { leastPayloadBytes, utf8Bytes, willEnvelopeBytes } from '../profile/payload-size.ts';
import { parsePayloadTemplate } from '../profile/payload-template.ts';
import type { DisconnectKind } from '../profile/planned-action.ts';
import { sumBy } from '../shared/counts.ts';
import { deviceTopicOf } from './device-topic.ts';
import { mqttGroupsOf } from './groups.ts';
import { leavesOf, mostLeavesPerSecond } from './lifecycle.ts';
import { isReadByRule } from './observers.ts';
import type { GroupPlan, Plan } from './plan.ts';
import { plannedStormsOf } from './storms.ts';
import type { MessageUsage } from './usage.ts';

/**
 * Whether disconnects of a group publish its wills, as a forecast takes it: those that end without a DISCONNECT, of wills without a
 * delay. A device that is back before the delay is over has no will published.
 */
function publishesWills({ profile }: GroupPlan, how: DisconnectKind): boolean {
  const { will } = profile.connect;
  return will !== undefined && (will.delaySeconds ?? 0) === 0 && how !== 'clean';
}

/** Wills of a group that the plan's disconnects and its lifecycle publish. @param connectedMs how long the group is connected */
export function forecastWills(plan: Plan, group: GroupPlan, connectedMs: number): number {
  const ofStorms = plannedStormsOf(plan).filter(
    (storm) => storm.group === group && publishesWills(group, storm.how),
  );
  const { lifecycle } = group.profile;
  const ofLifecycle =
    lifecycle !== undefined && publishesWills(group, lifecycle.disconnect) ? leavesOf(group, connectedMs) : 0;
  return sumBy(ofStorms, ({ devices }) => devices) + ofLifecycle;
}

/**
 * Wills in the busiest second: all of the storms at one instant, which the service may notice together also where they are silent, and
 * those of devices that fall asleep or leave meanwhile.
 */
export function mostWillsPerSecond(plan: Plan): number {
  const storms = plannedStormsOf(plan).filter(({ group, how }) => publishesWills(group, how));
  const atOnce = [...Map.groupBy(storms, ({ at }) => Math.floor(at / 1_000)).values()].map((together) =>
    sumBy(together, ({ devices }) => devices),
  );
  const ofLifecycle = sumBy(mqttGroupsOf(plan), (group) => {
    const { lifecycle } = group.profile;
    return lifecycle !== undefined && publishesWills(group, lifecycle.disconnect)
      ? mostLeavesPerSecond(group.profile)
      : 0;
  });
  return Math.max(0, ...atOnce) + ofLifecycle;
}

/**
 * What AWS meters of wills that were published. A will is metered with the CONNECT that it came in, not as a PUBLISH of the device.
 * @returns undefined for a group without a will
 * @see https://aws.amazon.com/iot-core/pricing/additional-details/
 */
export function willUsage(plan: Plan, group: GroupPlan, published: number): MessageUsage | undefined {
  const { will } = group.profile.connect;
  if (will === undefined) return undefined;
  const topic = deviceTopicOf(will.topic, group, group.firstDevice, group.firstSlice);
  const { template } = parsePayloadTemplate(will.payload);
  const byRule = isReadByRule(plan) ? published : 0;
  return {
    meteredBytes: utf8Bytes(topic) + willEnvelopeBytes + group.runId.length + leastPayloadBytes(template),
    publishesIn: 0,
    ...(will.retain && { retained: published }),
    publishesOut: plan.subscribers === undefined ? 0 : published,
    rulesTriggered: byRule,
    ruleActions: byRule,
  };
}
