import {
  type AccountLimits,
  type AnyQuotaName,
  describeQuota,
  type QuotaName,
} from '../targets/aws-iot/quotas.ts';

/** How near a plan comes to one quota. */
export interface QuotaForecast {
  readonly quota: AnyQuotaName;
  /** As AWS names it. */
  readonly name: string;
  readonly unit: string;
  readonly limit: number;
  /** Whether the limit was read from the account, or is the stack's own; otherwise it is AWS's default. */
  readonly isLive: boolean;
  readonly peak: number;
  /** Share of the limit left: 1 − peak/limit; negative past it. */
  readonly headroom: number;
  /** The most that the profile's `limits.quotaShare` lets the plan use. The whole limit where AWS never raises it. */
  readonly allowed: number;
  readonly withinAllowed: boolean;
  /** Stampede keeps to it by itself: it neither binds the plan nor refuses it. */
  readonly isKept: boolean;
}

export interface QuotaBasis {
  readonly limits: AccountLimits;
  /** Which of the limits were read, and are not AWS's defaults. */
  readonly live: ReadonlySet<QuotaName>;
  /** Share of each adjustable limit (0–1) that a plan may use. */
  readonly quotaShare: number;
}

/** A quota of the account. */
export function forecastQuota(name: QuotaName, peak: number, basis: QuotaBasis): QuotaForecast {
  return forecastLimit(name, peak, {
    limit: basis.limits[name],
    isLive: basis.live.has(name),
    quotaShare: basis.quotaShare,
  });
}

/** Any quota whose limit is known. */
export function forecastLimit(
  name: AnyQuotaName,
  peak: number,
  { limit, isLive, quotaShare }: Pick<QuotaForecast, 'limit' | 'isLive'> & Pick<QuotaBasis, 'quotaShare'>,
): QuotaForecast {
  const quota = describeQuota(name);
  const allowed = quota.adjustable ? limit * quotaShare : limit;
  const isKept = quota.isKept === true;
  return {
    quota: name,
    name: quota.label,
    unit: quota.unit,
    limit,
    isLive,
    peak,
    headroom: 1 - peak / limit,
    allowed,
    // A hair of tolerance, so that 0.8 × 500 allows 400.
    withinAllowed: isKept || peak <= allowed * (1 + 1e-9),
    isKept,
  };
}

/** The one with the least headroom: the first that is reached if the load grows. */
export function bindingOf(forecasts: readonly QuotaForecast[]): QuotaForecast {
  return forecasts
    .filter(({ isKept }) => !isKept)
    .reduce((least, next) => (next.headroom < least.headroom ? next : least));
}

/** Of what can be read from an account; what AWS never raises is the same in all of them, and the stack's is no account's. */
export function isReadable({ quota }: QuotaForecast): boolean {
  const { adjustable, raise } = describeQuota(quota);
  return adjustable && raise === undefined;
}

/** Its limit is AWS's default, and the account's own may be another. */
export function isUnread(forecast: QuotaForecast): boolean {
  return isReadable(forecast) && !forecast.isLive;
}
