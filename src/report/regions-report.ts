import { sumBy, sumFields } from '../shared/counts.ts';
import { iotMetricNames, ruleMetricNames } from '../targets/aws-iot/cloudwatch-metrics.ts';
import { buildReport, type ReportInput } from './build-report.ts';
import type { RegionReport } from './region-report.ts';
import type { Report } from './report-model.ts';
import type {
  BindingQuota,
  CostReport,
  CostReportLine,
  QuotaRefusals,
  QuotaUse,
  Reconciliation,
} from './usage-model.ts';

/** What one Region's part of a run came to. */
export interface ReportedRegion {
  readonly name: string;
  readonly report: Report;
}

/**
 * The report of a run in several Regions, from the one ledger of all their slices and arrivals: interval sets and histograms merge exactly. Quotas and
 * bills are a Region's own, so those are taken from its report.
 * @param input with the plan of all Regions; CloudWatch's sums are those of the Regions together
 */
export function buildRegionsReport(
  input: Omit<ReportInput, 'cloudwatch' | 'faults' | 'cost'>,
  regions: readonly ReportedRegion[],
): Report {
  const reports = regions.map(({ report }) => report);
  const sums: Record<string, number> = {};
  for (const { cloudwatch } of reports)
    for (const [metric, sum] of Object.entries(cloudwatch)) sums[metric] = (sums[metric] ?? 0) + sum;
  const requested = [...iotMetricNames, ...(input.plan.ruleName === undefined ? [] : ruleMetricNames)];
  const {
    quotas: _,
    bindingQuota: __,
    assumedLimits: ___,
    ...report
  } = buildReport({
    ...input,
    cloudwatch: { sums, requested },
    faults: undefined,
    cost: sumCosts(reports),
  });
  // One without any would make the sums too small.
  const isCounted = reports.every(({ cloudwatch }) => Object.keys(cloudwatch).length > 0);
  const bindingQuota = bindingOf(regions);
  const assumed = [...new Set(reports.flatMap(({ assumedLimits }) => assumedLimits ?? []))];
  return {
    ...report,
    quotas: nearestOf(reports),
    throttling: { ...report.throttling, refusals: sumRefusals(reports) },
    reconciliation: isCounted ? report.reconciliation : report.reconciliation.map(withoutSum),
    ...(assumed.length > 0 && { assumedLimits: assumed.join(' ') }),
    ...(bindingQuota && { bindingQuota }),
    regions: regions.map(({ name, report: ofRegion }) => regionReportOf(name, ofRegion)),
  };
}

/** Of each quota that of the Region which had the least left. */
function nearestOf(reports: readonly Report[]): QuotaUse[] {
  const nearest = new Map<string, QuotaUse>();
  for (const use of reports.flatMap(({ quotas }) => quotas)) {
    const known = nearest.get(use.quota);
    if (known === undefined || use.headroom < known.headroom) nearest.set(use.quota, use);
  }
  return [...nearest.values()];
}

/** By quota, the most refusals first: which quota refused is known of a Region. */
function sumRefusals(reports: readonly Report[]): QuotaRefusals[] {
  const sums = new Map<string, QuotaRefusals>();
  for (const refused of reports.flatMap(({ throttling }) => throttling.refusals)) {
    const known = sums.get(refused.quota);
    sums.set(refused.quota, { ...refused, count: refused.count + (known?.count ?? 0) });
  }
  return [...sums.values()].toSorted((a, b) => b.count - a.count);
}

function withoutSum(line: Reconciliation): Reconciliation {
  return { ...line, cloudwatch: null, difference: null, explanations: [], unexplained: null };
}

/** That of the Region which refused the most; where none did, of the one that came nearest to a limit. */
function bindingOf(regions: readonly ReportedRegion[]): BindingQuota | undefined {
  const bound = regions.flatMap(({ name, report: { bindingQuota, throttling, quotas } }) => {
    if (bindingQuota === undefined) return [];
    const refused = sumBy(throttling.refusals, ({ count }) => count);
    const headroom = Math.min(...quotas.map((use) => use.headroom));
    return [{ ...bindingQuota, sentence: `In ${name}: ${bindingQuota.sentence}`, refused, headroom }];
  });
  const [first] = bound.toSorted((a, b) => b.refused - a.refused || a.headroom - b.headroom);
  if (first === undefined) return undefined;
  const { quota, name, sentence } = first;
  return { quota, name, sentence };
}

function sumCosts(reports: readonly Report[]): CostReport | undefined {
  const costs = reports.flatMap(({ cost }) => cost ?? []);
  const [first] = costs;
  if (first === undefined) return undefined;
  const lines = new Map<string, CostReportLine>();
  for (const line of costs.flatMap((cost) => cost.lines)) {
    const known = lines.get(line.line);
    lines.set(
      line.line,
      known === undefined
        ? line
        : {
            ...line,
            forecast: sumFields(known.forecast, line.forecast),
            used: sumFields(known.used, line.used),
          },
    );
  }
  return {
    ...first,
    forecastUsd: sumBy(costs, ({ forecastUsd }) => forecastUsd),
    totalUsd: sumBy(costs, ({ totalUsd }) => totalUsd),
    lines: [...lines.values()],
  };
}

/** @param report the Region's own */
function regionReportOf(name: string, report: Report): RegionReport {
  const { devices, messages, slices, latencyMs, clockOffset, quotas, throttling } = report;
  const { bindingQuota, cost, conditions } = report;
  return {
    name,
    devices,
    messages,
    slices,
    latencyMs,
    clockOffset,
    quotas,
    throttling,
    ...(bindingQuota && { bindingQuota }),
    ...(cost && { totalUsd: cost.totalUsd }),
    ...(conditions?.faults && { faults: conditions.faults }),
  };
}
