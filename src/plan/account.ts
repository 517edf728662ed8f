import { sizeOfRegion } from '../targets/aws-iot/default-limits.ts';
import { type AccountLimits, accountLimitsOf, type QuotaName } from '../targets/aws-iot/quotas.ts';
import type { Target } from '../targets/target.ts';
import { traitsOf } from '../targets/traits-of.ts';

/** What is known of the account that a run takes place in, as it was when the run was planned. */
export interface AccountView {
  readonly limits: AccountLimits;
  /** Which of the limits were read from the account; the others are AWS's defaults. */
  readonly live: readonly QuotaName[];
  /** False for embedded AWS: a rehearsal costs nothing, and its forecast is that of the same run on AWS. */
  readonly isCharged: boolean;
  /** Whose defaults stand for what was not read; absent: those of us-east-1, as without an account. */
  readonly region?: string;
}

/**
 * The account with the limits that hold at the target: at an endpoint of AWS IoT Core that a profile names, and that embedded AWS
 * loads, the defaults of its Region, because nothing reads that account.
 */
export function accountAt(target: Target | undefined, account: AccountView): AccountView {
  const region = target && traitsOf(target).regionOf(target);
  if (region === undefined || account.isCharged) return account;
  const defaults = accountLimitsOf(sizeOfRegion(region) === 'large' ? 'default' : 'small');
  const ofTarget = traitsOf(target).quotas;
  return {
    ...account,
    limits: { ...account.limits, ...Object.fromEntries(ofTarget.map((name) => [name, defaults[name]])) },
    live: account.live.filter((name) => !ofTarget.includes(name)),
    region,
  };
}

/** What of a plan says who pays. */
interface PaidPlan {
  readonly account?: AccountView;
  readonly target?: Target;
}

/** Whether a run loads an emulator on loopback, not AWS. */
export function isRehearsal(plan: PaidPlan): boolean {
  return traitsOf(plan.target).isEmulated && !accountOf(plan).isCharged;
}

/** Whether a bill comes of a run, or would if its rehearsal took place on AWS. */
export function isBilled(plan: PaidPlan): boolean {
  return traitsOf(plan.target).isPriced || accountOf(plan).isCharged;
}

/** Whether a bill comes of this very run: of the account that it takes place in, or of its target alone. */
export function isChargedRun(plan: PaidPlan): boolean {
  return (
    accountOf(plan).isCharged || (plan.target !== undefined && traitsOf(plan.target).isCharged(plan.target))
  );
}

/**
 * Whether functions, queue and run store are on the bill. Not if embedded AWS runs them for a target that is not embedded;
 * those of a rehearsal are forecast as the same run on AWS.
 */
export function isRunnerBilled(plan: PaidPlan): boolean {
  return traitsOf(plan.target).isEmulated || accountOf(plan).isCharged;
}

/**
 * From the answer to a device's attempt to connect to its next attempt, milliseconds: where the target has a quota of connects by client
 * id, a sooner one would only be refused.
 */
export function leastBetweenConnectsMs(plan: PaidPlan): number {
  const isLimited = traitsOf(plan.target).quotas.includes('connectsPerSecondPerClientId');
  return isLimited ? 1_000 / accountLimitsOf('default').connectsPerSecondPerClientId : 0;
}

/** The account where functions that run slices end after so many seconds, or after Lambda's limit if that is less. */
export function limitSlices(account: AccountView, seconds: number): AccountView {
  const lambdaSeconds = Math.min(account.limits.lambdaSeconds, seconds);
  return { ...account, limits: { ...account.limits, lambdaSeconds } };
}

/** The plan's account; without one, AWS's defaults. */
export function accountOf({ account }: { readonly account?: AccountView }): AccountView {
  return account ?? { limits: accountLimitsOf('default'), live: [], isCharged: true };
}
