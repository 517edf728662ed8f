import { formatCount } from '../../shared/format.ts';
/**
 * What AWS lets an account do unless it is raised, by Region: the limits for a plan where the account's own limits
 * cannot be read. AWS changes these figures, and its own page names them by Region:
 * https://docs.aws.amazon.com/general/latest/gr/iot-core.html
 *
 * How sure. 20,000 publishes each way, 500 connects and 500,000 connections are AWS's page of 2020 to 2023; by 2026 it is
 * quoted with 3,000 connects "in most Regions, lower in some", and dumps of us-east-1's Service Quotas have 3,000 (secondary
 * sources, which do not name the Regions). Planning with 500 is right in all of the large Regions, and only slower than need be
 * where 3,000 are allowed. The smaller figures, 2,000 publishes each way and 100 connects, are from notes of 2022 that quote AWS's
 * page and do not name their Region, taken to be ap-northeast-2; 100,000 connections and 200 subscribes come from secondary
 * sources too. That us-west-2 and eu-west-1 allow as much as us-east-1 is widely said; no source here confirms it.
 */
export const limitsDatedAt = '2026-09';

/** Reported, and not planned with: a plan with fewer connects is right everywhere. */
const reportedConnectsPerSecond = 3_000;

export interface RegionalLimit {
  readonly large: number;
  readonly small: number;
}

/** Of a whole account in one Region, a second but for connections. */
export const regionalLimits = {
  publishInPerSecond: { large: 20_000, small: 2_000 },
  publishOutPerSecond: { large: 20_000, small: 2_000 },
  connectsPerSecond: { large: 500, small: 100 },
  concurrentConnections: { large: 500_000, small: 100_000 },
  subscribesPerSecond: { large: 500, small: 200 },
  ruleEvaluationsPerSecond: { large: 20_000, small: 2_000 },
} as const satisfies Record<string, RegionalLimit>;

/** Of which it is known what they allow. A Region that is in neither list has the lower limits: they are safe everywhere. */
const knownRegions: Readonly<Record<string, 'large' | 'small'>> = {
  'us-east-1': 'large',
  'us-west-2': 'large',
  'eu-west-1': 'large',
  'ap-northeast-2': 'small',
};

/** The Region of a plan that is made without an account. */
export const defaultRegion = 'us-east-1';

/** Which of the two sets of limits is used for a Region. */
export function sizeOfRegion(region: string): 'large' | 'small' {
  return Object.hasOwn(knownRegions, region) ? (knownRegions[region] as 'large' | 'small') : 'small';
}

/** `AWS’s defaults of 2026-09 for us-east-1` */
export function nameDefaults(region: string): string {
  const whose = Object.hasOwn(knownRegions, region) ? region : 'smaller Regions';
  return `AWS’s defaults of ${limitsDatedAt} for ${whose}`;
}

/** What limits are that were not read from the account: to stand after "Limits are" or an asterisk. */
export function describeDefaults(region = defaultRegion): string {
  const connects = formatCount(reportedConnectsPerSecond);
  const unread = `not read from your account; most Regions are reported to allow ${connects} connects/s.`;
  return Object.hasOwn(knownRegions, region)
    ? `${nameDefaults(region)}, ${unread}`
    : `${nameDefaults(region)}, because those of ${region} are not known here. They were ${unread}`;
}
