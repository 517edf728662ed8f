import { type Ledger, makeLedger } from '../../../src/measure/ledger.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { viewHere } from '../../../src/plan/region-views.ts';
import { regionOfSlice } from '../../../src/plan/regions.ts';
import { buildReport, type ReportInput } from '../../../src/report/build-report.ts';
import type { ReportedRegion } from '../../../src/report/regions-report.ts';
import type { Fate } from './fate.ts';
import type { TrueRegion } from './truth.ts';

/** What is stored and what is true of one Region. */
export interface OpenRegion {
  readonly ledger: Ledger;
  /** Adds what became of the messages of one of its slices. */
  count(devices: number, fates: readonly Fate[]): void;
}

/** The Regions of a true run; of a plan without any there are none. */
export function openTrueRegions(plan: Plan): {
  of(slice: number): OpenRegion | undefined;
  truth(): Readonly<Record<string, TrueRegion>>;
  report(whole: ReportInput): ReportedRegion[];
} {
  const regions = (plan.regions ?? []).map(({ name }) => {
    const own: Plan = { ...plan, region: name };
    const counts = { devices: 0, intended: 0, sent: 0, received: 0, lost: 0 };
    return {
      name,
      own,
      counts,
      ledger: makeLedger(own),
      count(devices: number, fates: readonly Fate[]) {
        counts.devices += devices;
        for (const { sent, copies } of fates) {
          counts.intended++;
          counts.sent += Number(sent);
          counts.received += Number(copies > 0);
          counts.lost += Number(sent && copies === 0);
        }
      },
    };
  });
  return {
    of: (slice) => regions.find(({ name }) => name === regionOfSlice(plan, slice)?.name),
    truth: () => Object.fromEntries(regions.map(({ name, counts }) => [name, counts])),
    // One Region has all of CloudWatch's counts: only their sums stand in the report of the run.
    report: (whole) => {
      const zeros = Object.fromEntries(Object.keys(whole.cloudwatch.sums).map((name) => [name, 0]));
      return regions.map(({ name, own, ledger }, i) => ({
        name,
        report: buildReport({
          ...whole,
          plan: viewHere(own),
          ledger: ledger.close(),
          cloudwatch: i === 0 ? whole.cloudwatch : { ...whole.cloudwatch, sums: zeros },
        }),
      }));
    },
  };
}
