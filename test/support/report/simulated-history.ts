import type { Report } from '../../../src/report/report-model.ts';
import { makeRandom } from '../../../src/shared/random.ts';
import { reportOf, runOf } from './report-fixture.ts';
import { simulateRun } from './simulated-run.ts';

/** A run a night from 2026-09-01 on, whose latencies are slower by a third from the ninth on. @param runs how many */
export function simulateHistory(name: string, runs: number): Report[] {
  const base = reportOf(runOf());
  return Array.from({ length: runs }, (_, i) => {
    const at = new Date(Date.UTC(2026, 8, 1 + i, 3));
    const stamp = at.toISOString().replace(/[-:]|\.\d+/g, '');
    const runId = `${name}-${stamp}-ab12`;
    const run = simulateRun(base, makeRandom(i, 7), {
      runId,
      scale: i < 8 ? 1 : 1.3,
      runSd: 0.01,
      perSecond: 80,
    });
    return {
      ...run,
      runId,
      name,
      startedAt: at.toISOString(),
      endedAt: new Date(at.getTime() + 60_000).toISOString(),
    };
  });
}
