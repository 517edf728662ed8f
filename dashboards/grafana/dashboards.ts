import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { compareRuns } from './compare-runs.ts';
import { generator } from './generator.ts';
import { latency } from './latency.ts';
import { runOverview } from './run-overview.ts';

/** File name in dashboards/json → dashboard. */
export function buildDashboards(): Readonly<Record<string, Dashboard>> {
  const built = [runOverview(), latency(), generator(), compareRuns()].map((builder) => builder.build());
  return Object.fromEntries(built.map((dashboard) => [`${dashboard.uid}.json`, dashboard]));
}
