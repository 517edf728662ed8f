import type { RunLedger } from '../measure/run-ledger.ts';
import { latenciesOf, messagesOf, namedGroupsOf } from './group-reports.ts';
import { throughputOf } from './rates.ts';
import type { Rates } from './report-model.ts';
import type { MeasuredGroup } from './thresholds.ts';

/** What thresholds with a selector judge. @param rates of the run, whose publishing time is that of its groups */
export function measuredGroupsOf(ledger: RunLedger, rates: Rates): Record<string, MeasuredGroup> {
  const { slices, observers } = ledger;
  return Object.fromEntries(
    namedGroupsOf(ledger).map(({ group, ledger: own }) => {
      const messages = messagesOf(own, ledger);
      const throughputPerSecond = throughputOf({ ...own, messages }, rates.publishedSeconds);
      return [
        group,
        {
          latencies: latenciesOf(own),
          counts: { messages, devices: own.devices, slices, observers },
          rates: { ...rates, throughputPerSecond },
        },
      ];
    }),
  );
}
