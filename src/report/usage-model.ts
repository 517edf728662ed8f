import type { QuotaName } from '../targets/aws-iot/quotas.ts';

/* What a run used of its account: quotas, what was refused for them, CloudWatch's counts beside its own, and the cost. */

export interface QuotaUse {
  readonly quota: QuotaName;
  /** As AWS names it. */
  readonly name: string;
  readonly unit: string;
  readonly limit: number;
  /** In the busiest second. */
  readonly peak: number;
  /** Present where some of what counts is known by its number and not by its second: with all of that in the busiest one. */
  readonly peakAtMost?: number;
  /** Whether the limit was read from the account when the run was planned; otherwise it is AWS's default. */
  readonly isLive: boolean;
  /** Share of the limit left: 1 − peak/limit; negative past it. Of the peak that is known. */
  readonly headroom: number;
}

/** What was refused for a quota, with and without an answer to the device. */
export interface Throttling {
  /** Publishes whose refusal the device received: HTTP 429, an MQTT 5 PUBACK with 0x97. The ledger's `throttled`. */
  readonly reported: number;
  /** Publishes that got no answer, and that CloudWatch says were throttled: part of the ledger's `unacknowledged`, at QoS 0 `lost`. */
  readonly unreported: number;
  /** Both: what the threshold metric `throttled` judges. */
  readonly publishes: number;
  /** By quota, the most first; as CloudWatch counted them. */
  readonly refusals: readonly QuotaRefusals[];
}

export interface QuotaRefusals {
  readonly quota: QuotaName;
  readonly name: string;
  /** CloudWatch's metric that counts them. */
  readonly metric: string;
  readonly count: number;
}

/** The quota that decides how far the load can go. */
export interface BindingQuota {
  readonly quota: QuotaName;
  readonly name: string;
  /** One sentence for the reader of a report. */
  readonly sentence: string;
}

/** One of the service's own counts, CloudWatch's unless `source` says otherwise, compared with the run's own count. */
export interface Reconciliation {
  /** Who counted: `Mosquitto`. Absent: CloudWatch. */
  readonly source?: string;
  /** `PublishIn.Success` */
  readonly metric: string;
  /** The count of CloudWatch, or of the source. Null where CloudWatch has no data: it may come minutes later. */
  readonly cloudwatch: number | null;
  /** Name of the run's own count: a column of the ledger, or `connects`, `echoes`. */
  readonly column: string;
  readonly ledger: number;
  /** CloudWatch's count less ours; null without one. */
  readonly difference: number | null;
  /**
   * What makes the two differ, negative where it makes CloudWatch's sum the smaller one: cloudwatch = ledger + the counts +
   * unexplained. Of one that is not certain, the run's counts only allow for so many.
   */
  readonly explanations: readonly {
    readonly count: number;
    readonly why: string;
    readonly isCertain: boolean;
  }[];
  /** What is left of the difference. */
  readonly unexplained: number | null;
}

/** What the run used of what AWS charges for, at list prices, and what it was forecast to. An estimate, not the bill. */
export interface CostReport {
  /** False: the target was on loopback, and the figures say what the same run would have cost on AWS. */
  readonly isCharged: boolean;
  /** Month of the prices: `2026-09`. */
  readonly pricedAt: string;
  readonly region: string;
  readonly forecastUsd: number;
  readonly totalUsd: number;
  readonly lines: readonly CostReportLine[];
}

export interface CostReportLine {
  /** Stable, for machines. */
  readonly line: string;
  readonly name: string;
  readonly unit: string;
  readonly forecast: { readonly quantity: number; readonly usd: number };
  readonly used: { readonly quantity: number; readonly usd: number };
}
