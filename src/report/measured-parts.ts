import type { KindLedger, RunDeviceCounts } from '../measure/group-totals.ts';
import type { LatencyHistogram } from '../measure/latency-histogram.ts';
import type { LatencyName } from '../measure/latency-names.ts';
import { MessageSum } from '../measure/message-totals.ts';
import { kindLatencyNames, makeKindLatencies } from '../measure/run-latencies.ts';
import type { RunLedger } from '../measure/run-ledger.ts';
import { partKeyOf } from '../profile/threshold-metrics.ts';
import { sumBy } from '../shared/counts.ts';
import { latenciesOf, messagesOf } from './group-reports.ts';
import { throughputOf } from './rates.ts';
import type { Rates } from './report-model.ts';
import type { MeasuredPart } from './thresholds.ts';

/**
 * What thresholds with a selector judge, by `partKeyOf`: device groups, their kinds of message, and each kind over all groups.
 * @param rates of the run, whose publishing time is that of its groups
 */
export function measuredPartsOf(ledger: RunLedger, rates: Rates): Record<string, MeasuredPart> {
  const parts: Record<string, MeasuredPart> = {};
  for (const own of ledger.groups) {
    const { group, kinds, devices } = own;
    if (group === undefined) continue;
    parts[partKeyOf({ group })] = measuredOf({ ...own, latencies: latenciesOf(own) }, devices, ledger, rates);
    for (const each of kinds)
      parts[partKeyOf({ group, kind: each.kind })] = measuredOf(each, devices, ledger, rates);
  }
  for (const [kind, all] of kindsByName(ledger))
    parts[partKeyOf({ kind })] = measuredOf(joinKinds(all), ledger.devices, ledger, rates);
  return parts;
}

/** @param devices of the group, or of the run: kinds of message have none of their own */
function measuredOf(
  part: Omit<KindLedger, 'kind' | 'latencies' | 'arrivals' | 'series' | 'plannedMessages'> & {
    readonly arrivals?: number;
    readonly latencies: Partial<Readonly<Record<LatencyName, LatencyHistogram>>>;
  },
  devices: RunDeviceCounts,
  ledger: RunLedger,
  rates: Rates,
): MeasuredPart {
  const { slices, observers } = ledger;
  const messages = messagesOf(part, ledger);
  const throughputPerSecond = throughputOf({ ...part, messages }, rates.publishedSeconds);
  return {
    latencies: part.latencies,
    counts: { messages, devices, slices, observers },
    rates: { ...rates, throughputPerSecond },
    droppedBy: part.droppedBy,
  };
}

function kindsByName({ groups }: RunLedger): ReadonlyMap<string, readonly KindLedger[]> {
  const byName = new Map<string, KindLedger[]>();
  for (const kind of groups.flatMap(({ kinds }) => kinds))
    byName.set(kind.kind, [...(byName.get(kind.kind) ?? []), kind]);
  return byName;
}

/** Kinds of one name, of several groups. */
function joinKinds(kinds: readonly KindLedger[]): Omit<KindLedger, 'kind' | 'series' | 'plannedMessages'> {
  const sum = new MessageSum();
  const latencies = makeKindLatencies();
  for (const kind of kinds) {
    sum.add(kind);
    for (const [name, seen] of Object.entries(kind.observers)) sum.addSeen(name, seen);
    for (const name of kindLatencyNames) latencies[name].merge(kind.latencies[name]);
  }
  return {
    acknowledged: kinds.every(({ acknowledged }) => acknowledged),
    arrivals: sumBy(kinds, ({ arrivals }) => arrivals),
    latencies,
    ...sum.totals(),
  };
}
