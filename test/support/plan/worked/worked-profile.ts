import type { CostLineId } from '../../../../src/plan/cost.ts';
import type { Deployment } from '../../../../src/plan/deployment.ts';
import type { AnyQuotaName, QuotaName } from '../../../../src/targets/aws-iot/quotas.ts';

/**
 * A profile whose peaks and cost were worked out by hand, in the comment above it: from the price list and the rules of
 * metering, not from the code. All run as `run`, with 5 s and a hundredth of a second a slice for cold starts.
 */
export interface WorkedProfile {
  readonly name: string;
  readonly profile: object;
  /** What differs from AWS's defaults. */
  readonly limits?: Partial<Record<QuotaName, number>>;
  readonly deployment?: Partial<Deployment>;
  readonly peaks: Partial<Record<AnyQuotaName, number>>;
  readonly binding: AnyQuotaName;
  /** By line of the bill; GB-s to a thousandth. */
  readonly quantities: Partial<Record<CostLineId, number>>;
  /** To a hundredth of a cent. */
  readonly totalUsd: number;
}
