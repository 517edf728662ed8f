import { type AccountLimits, accountLimitsOf, type QuotaName } from '../targets/aws-iot/quotas.ts';

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

/** The plan's account; without one, AWS's defaults. */
export function accountOf({ account }: { readonly account?: AccountView }): AccountView {
  return account ?? { limits: accountLimitsOf('default'), live: [], isCharged: true };
}
