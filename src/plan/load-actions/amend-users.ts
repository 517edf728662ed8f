import { hasUsers } from '../../profile/load-shapes/resolved-load.ts';
import { estimatedPerUser } from '../../profile/user-rules.ts';
import type { UserStep } from '../../profile/user-step.ts';
import { type Amend, concerns, inForce } from './load-action.ts';

/** Users of the group that has users, and with them the rate that is estimated for so many. */
export const amendUsers: Amend<'users'> = (groups, actions) =>
  groups.map((group) => {
    const { profile } = group;
    const own = hasUsers(profile) ? actions.filter((action) => concerns(action, group)) : [];
    const userSteps = inForce(
      profile,
      own.map(({ atMs, fromMs = atMs, change: { count } }) => ({
        step: { atMs, count } satisfies UserStep,
        fromMs,
      })),
    );
    if (own.length === 0) return profile;
    const perUser = estimatedPerUser(profile);
    const rateSteps = userSteps.map(({ atMs, count }) => ({ atMs, perSecond: count * perUser }));
    return { ...profile, ...(rateSteps.length > 0 && { rateSteps }), userSteps };
  });
