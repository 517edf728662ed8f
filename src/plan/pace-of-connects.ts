import { connectsEachMessage } from '../profile/lifecycle-kinds.ts';
import type { LoadProfile } from '../profile/load-profile.ts';
import { sumBy } from '../shared/counts.ts';
import type { InputError } from '../shared/errors.ts';
import { formatPerSecond } from '../shared/format.ts';
import { leastBetweenConnectsMs } from './account.ts';
import { makeArrivalRate } from './arrival-rate.ts';
import { groupsOf, settingOf } from './groups.ts';
import { kindProfilesOf } from './kinds.ts';
import type { Plan } from './plan.ts';

/** Devices that connect for each message, and have more messages than the target lets their client id connect. */
export function checkPaceOfConnects(plan: Plan): InputError[] {
  const leastMs = leastBetweenConnectsMs(plan);
  if (leastMs === 0) return [];
  const most = 1_000 / leastMs;
  return groupsOf(plan).flatMap((group) => {
    const perDevice = sumBy(kindProfilesOf(group.profile), perDeviceOf);
    if (!connectsEachMessage(group.profile) || perDevice <= most * (1 + 1e-9)) return [];
    return [
      {
        path: settingOf(group, 'lifecycle.connect'),
        message: `is each-message: a device would connect ${formatPerSecond(perDevice)}, and the target lets a client id connect ${formatPerSecond(most)}`,
        hint: `set everySeconds to ${1 / most} or more, lower the rate, or use more devices`,
      },
    ];
  });
}

/** Messages a second that a device sends where its load is highest. Those of a burst, or of a pulse, wait for each other: their period counts. */
function perDeviceOf(profile: LoadProfile): number {
  const { pattern, devices } = profile;
  if (pattern?.kind === 'pulse') return 1_000 / pattern.everyMs;
  if (pattern?.kind === 'burst') return (1_000 * pattern.count) / pattern.everyMs;
  return makeArrivalRate(profile).peakPerSecond / devices;
}
