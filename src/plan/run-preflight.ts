import { sumBy } from '../shared/counts.ts';
import type { InputError } from '../shared/errors.ts';
import type { CostLine } from './cost.ts';
import type { Plan } from './plan.ts';
import { type CostForecast, type Preflight, preflight } from './preflight.ts';
import { bindingOf, type QuotaForecast } from './quota-forecast.ts';
import { RefusedByPreflightError, refuseCost } from './refusals.ts';
import { errorsInRegions, viewsOf } from './region-views.ts';
import { forecastStorms } from './storm-forecast.ts';
import type { SubscriberAdvice } from './subscriber-advice.ts';

/** What a plan comes to before it is run, in each Region and in all. */
export interface RunPreflight extends Preflight {
  /** Absent: the run takes place in one. Then each quota is that of the Region with the least headroom, and all else is a sum or the most of one. */
  readonly regions?: readonly RegionPreflight[];
}

/** What its part of a plan comes to in one Region. */
export interface RegionPreflight {
  readonly name: string;
  readonly devices: number;
  readonly slices: number;
  readonly peakPerSecond: number;
  readonly quotas: readonly QuotaForecast[];
  readonly binding: QuotaForecast;
  readonly totalUsd: number;
  readonly subscriber: SubscriberAdvice;
}

/** Of a copy of a plan, what its own Region has of it. */
export function preflightRun(plan: Plan): RunPreflight {
  const views = viewsOf(plan);
  const all = views.map((view) => preflight(view));
  const [first, ...others] = all as [Preflight, ...Preflight[]];
  if (others.length === 0) return first;
  const quotas = nearestOf(all);
  const cost = sumCosts(all.map((each) => each.cost));
  const ofWhole = refuseCost(plan, cost);
  const storms = forecastStorms(plan);
  return {
    ...first,
    quotas,
    binding: bindingOf(quotas),
    lambda: {
      ...first.lambda,
      slices: sumBy(all, ({ lambda }) => lambda.slices),
      concurrency: sumBy(all, ({ lambda }) => lambda.concurrency),
      invocations: sumBy(all, ({ lambda }) => lambda.invocations),
      gbSeconds: sumBy(all, ({ lambda }) => lambda.gbSeconds),
    },
    cost,
    // Devices move from one Region to another.
    ...(storms.length > 0 && { storms }),
    refusals: [
      // The ceiling is one of the whole run.
      ...errorsInRegions(views, (_, i) =>
        all[i]!.refusals.filter(({ path }) => path !== 'limits.maxCostUsd'),
      ),
      ...ofWhole,
    ],
    regions: all.map((each, i): RegionPreflight => {
      const { region = '', profile, slices, load } = views[i]!;
      return {
        name: region,
        devices: profile.devices,
        slices: slices.count,
        peakPerSecond: load.peakPerSecond,
        quotas: each.quotas,
        binding: each.binding,
        totalUsd: each.cost.totalUsd,
        subscriber: each.subscriber,
      };
    }),
  };
}

/**
 * Lets a plan pass that is within its own limits, or whose profile says that they are not to be enforced (`--force`).
 * @param found what else speaks against the run, found where it is to run
 * @throws RefusedByPreflightError
 */
export function enforceLimits(plan: Plan, found: readonly InputError[] = []): void {
  if (!plan.profile.limits.enforce) return;
  const refusals = [...preflightRun(plan).refusals, ...found];
  if (refusals.length > 0) throw new RefusedByPreflightError(refusals);
}

/** Of each quota that of the Region with the least headroom, in the order of the first Region. */
function nearestOf(all: readonly Preflight[]): QuotaForecast[] {
  const nearest = new Map<string, QuotaForecast>();
  for (const { quotas } of all)
    for (const forecast of quotas) {
      const known = nearest.get(forecast.quota);
      if (known === undefined || forecast.headroom < known.headroom) nearest.set(forecast.quota, forecast);
    }
  return [...nearest.values()];
}

/** Each Region has a bill of its own, whose tiers begin with the run. */
function sumCosts(costs: readonly CostForecast[]): CostForecast {
  const lines = new Map<string, CostLine>();
  for (const cost of costs)
    for (const line of cost.lines) {
      const known = lines.get(line.line);
      const quantity = line.quantity + (known?.quantity ?? 0);
      const usd = line.usd + (known?.usd ?? 0);
      lines.set(line.line, { ...line, quantity, usd, usdPerUnit: usd / quantity });
    }
  const [first] = costs as [CostForecast];
  return {
    ...first,
    lines: [...lines.values()],
    totalUsd: sumBy(costs, ({ totalUsd }) => totalUsd),
    assumptions: [
      ...first.assumptions,
      `Prices are those of ${first.region} in every Region: other Regions cost up to half more.`,
    ],
  };
}
