import { canTakeDevices } from '../../profile/device-rules.ts';
import type { DeviceStep } from '../../profile/device-step.ts';
import { canReconnect } from '../../profile/reconnect-rules.ts';
import type { ReconnectStep } from '../../profile/reconnect-step.ts';
import { sumBy } from '../../shared/counts.ts';
import { type Amend, concerns, followedBy, inForce } from './load-action.ts';

/** Connects a second of several groups are divided in proportion to their devices. */
export const amendConnects: Amend<'connects'> = (groups, actions) => {
  const able = groups.filter(({ profile }) => canReconnect(profile));
  const dated = actions.map((action) => {
    const concerned = able.filter((group) => concerns(action, group));
    return { action, concerned, devices: sumBy(concerned, ({ profile }) => profile.devices) };
  });
  return groups.map((group) => {
    const { profile } = group;
    const steps = inForce(
      profile,
      dated
        .filter(({ concerned }) => concerned.includes(group))
        .map(({ action: { atMs, fromMs = atMs, change }, devices }) => {
          const reconnectsPerSecond = change.perSecond * (profile.devices / devices);
          return { step: { atMs, reconnectsPerSecond } satisfies ReconnectStep, fromMs };
        }),
    );
    return steps.length === 0 ? profile : { ...profile, reconnects: followedBy(profile.reconnects, steps) };
  });
};

export const amendDevices: Amend<'devices'> = (groups, actions) =>
  groups.map((group) => {
    const { profile } = group;
    const own = canTakeDevices(profile) ? actions.filter((action) => concerns(action, group)) : [];
    const steps = inForce(
      profile,
      own.map(({ atMs, fromMs = atMs, change: { count } }) => ({
        step: { atMs, devices: count } satisfies DeviceStep,
        fromMs,
      })),
    );
    return steps.length === 0 ? profile : { ...profile, deviceSteps: followedBy(profile.deviceSteps, steps) };
  });
