import type { RunDeviceCounts } from '../measure/group-totals.ts';
import type { LatencyRecord } from '../measure/latency-names.ts';
import type { LatencySummary } from '../measure/latency-summary.ts';
import type { MessageLedger, SliceOutcomes } from '../measure/run-ledger.ts';
import type { InjectedFaults } from '../plan/conditions.ts';
import type { ClockOffset } from './clock-model.ts';
import type { BindingQuota, QuotaUse, Throttling } from './usage-model.ts';

/** One Region's part of a run: what its own report says. Its counts and those of the other Regions sum to the run's. */
export interface RegionReport {
  readonly name: string;
  readonly devices: RunDeviceCounts;
  readonly messages: MessageLedger;
  readonly slices: SliceOutcomes;
  readonly latencyMs: LatencyRecord<LatencySummary>;
  /** Between the clocks of this Region and of its slices. */
  readonly clockOffset: ClockOffset;
  readonly quotas: readonly QuotaUse[];
  readonly throttling: Throttling;
  /** Absent for a target whose quotas are not known. */
  readonly bindingQuota?: BindingQuota;
  /** Absent for a target without a bill. */
  readonly totalUsd?: number;
  /** Of a rehearsal, where the Region's service differed from AWS. */
  readonly faults?: InjectedFaults;
}
