import type { RunLedger } from '../measure/run-ledger.ts';
import { isBilled, isChargedRun } from '../plan/account.ts';
import { type CostLine, type CostLineId, priceRun } from '../plan/cost.ts';
import { type Deployment, deploymentOf } from '../plan/deployment.ts';
import { forecastUsage } from '../plan/forecast-usage.ts';
import type { Plan } from '../plan/plan.ts';
import { searchAsPlanned } from '../plan/search/search-forecast.ts';
import { countUsage } from './counted-usage.ts';
import type { CostReport, CostReportLine } from './usage-model.ts';

/** The cost of what the run used beside the forecast, line by line, by the same code as the plan's. Undefined for a target without a bill. */
export function costOf(
  plan: Plan,
  ledger: RunLedger,
  deployment: Deployment = deploymentOf(plan),
): CostReport | undefined {
  if (!isBilled(plan)) return undefined;
  const planned = searchAsPlanned(plan);
  const forecast = priceRun(planned, forecastUsage(planned, deployment));
  const used = priceRun(plan, countUsage(plan, ledger, deployment));
  return {
    isCharged: isChargedRun(plan),
    pricedAt: used.pricedAt,
    region: used.region,
    forecastUsd: rounded(forecast.totalUsd),
    totalUsd: rounded(used.totalUsd),
    lines: besideEachOther(forecast.lines, used.lines),
  };
}

/** Every line of either, in the order of the bill. */
function besideEachOther(forecast: readonly CostLine[], used: readonly CostLine[]): CostReportLine[] {
  const lines = new Map<CostLineId, CostReportLine>();
  const none = { quantity: 0, usd: 0 };
  for (const { line, name, unit, quantity, usd } of forecast) {
    lines.set(line, { line, name, unit, forecast: figures(quantity, usd), used: none });
  }
  for (const { line, name, unit, quantity, usd } of used) {
    const planned = lines.get(line)?.forecast ?? none;
    lines.set(line, { line, name, unit, forecast: planned, used: figures(quantity, usd) });
  }
  return [...lines.values()];
}

function figures(quantity: number, usd: number): { quantity: number; usd: number } {
  return { quantity: Math.round(quantity * 1e3) / 1e3, usd: rounded(usd) };
}

/** To a millionth of a dollar: what a rehearsal's lines come to. */
function rounded(usd: number): number {
  return Math.round(usd * 1e6) / 1e6;
}
