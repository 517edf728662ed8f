import { type AccountLimits, accountLimitsOf, type QuotaName } from '../targets/aws-iot/quotas.ts';
import type { Target } from '../targets/target.ts';
import { traitsOf } from '../targets/traits-of.ts';

/** What is known of the account that a run loads, as it was when the run was planned. */
export interface AccountView {
  readonly limits: AccountLimits;
  /** Which of the limits were read from the account; the others are AWS's defaults. */
  readonly live: readonly QuotaName[];
  /** False for a target on loopback: a rehearsal costs nothing, and its forecast is that of the same run on AWS. */
  readonly isCharged: boolean;
  /** Whose defaults stand for what was not read; absent: those of us-east-1, as without an account. */
  readonly region?: string;
}

/** Whether a bill comes of a run, or would if its rehearsal took place on AWS. */
export function isBilled(plan: { readonly account?: AccountView; readonly target?: Target }): boolean {
  return traitsOf(plan.target).isPriced || accountOf(plan).isCharged;
}

/** The plan's account; without one, AWS's defaults. */
export function accountOf({ account }: { readonly account?: AccountView }): AccountView {
  return account ?? { limits: accountLimitsOf('default'), live: [], isCharged: true };
}
