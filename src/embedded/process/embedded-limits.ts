import { totalmem } from 'node:os';
import { type AccountLimits, accountLimitsOf, type QuotaName, quotas } from '../../targets/aws-iot/quotas.ts';

/** A warm-started function of ours with its SDK, in memory. */
const environmentBytes = 96 * 1_048_576;
const memoryShareForLambda = 0.5;

/** What embedded AWS enforces on this machine: AWS's defaults, and as many Lambdas at once as its memory holds. */
export function embeddedLimits(overrides: Readonly<Partial<Record<QuotaName, number>>> = {}): AccountLimits {
  return accountLimitsOf('default', { lambdaConcurrency: lambdaConcurrencyOf(totalmem()), ...overrides });
}

/** How many processes a machine holds is a matter of its memory; never more than an account has. */
function lambdaConcurrencyOf(memoryBytes: number): number {
  const fitting = Math.floor((memoryBytes * memoryShareForLambda) / environmentBytes);
  return Math.min(quotas.lambdaConcurrency.limit, Math.max(16, fitting));
}

/** A process with the SDK in it, from nothing to its first poll, while others start beside it; twice what an idle machine takes. */
export const embeddedColdStart = { leadMs: 3_000, environmentsPerSecondPerCore: 2 } as const;
