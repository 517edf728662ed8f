import { expect, it } from '@jest/globals';
import { compareReports } from '../../../src/report/compare-reports.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { kindSituations } from '../../support/report/kind-situations.ts';
import { playTrueRun } from '../../support/report/true-run.ts';

const [flat, grouped] = kindSituations.map(([, situation]) => playTrueRun(situation).report) as [
  Report,
  Report,
];

const figuresBetween = (baseline: Report, candidate: Report) =>
  compareReports(baseline, candidate, 0.1).figures.filter(({ figure }) => figure.includes('{'));

it('compares each kind of message that both runs have', () => {
  const slower = {
    ...flat,
    kinds: flat.kinds!.map((kind) =>
      kind.kind === 'alarm'
        ? {
            ...kind,
            latencyMs: {
              ...kind.latencyMs,
              end_to_end_latency: { ...kind.latencyMs.end_to_end_latency, p99: 2_000 },
            },
            messages: { ...kind.messages, lost: kind.messages.lost * 2 },
          }
        : kind,
    ),
  };
  const figures = figuresBetween(flat, slower);
  expect(figures.map(({ figure }) => figure)).toEqual(
    ['reading', 'alarm', 'position'].flatMap((kind) => [
      ...['p50', 'p95', 'p99'].map((percentile) => `end_to_end_latency{kind:${kind}} ${percentile}`),
      `lost_messages{kind:${kind}} rate`,
    ]),
  );
  expect(figures.flatMap(({ figure, outcome }) => (outcome === 'worse' ? [figure] : []))).toEqual([
    'end_to_end_latency{kind:alarm} p99',
    'lost_messages{kind:alarm} rate',
  ]);
  expect(compareReports(flat, slower, 0.1).isRegression).toBe(true);
});

it('names the group of a kind, and leaves out what one run does not have', () => {
  const { groups = [] } = grouped;
  const others = { ...grouped, groups: groups.map((group) => ({ ...group, group: `${group.group}-2` })) };
  expect(figuresBetween(grouped, grouped).map(({ figure }) => figure)).toContain(
    'lost_messages{group:trackers,kind:position} rate',
  );
  expect(figuresBetween(grouped, others)).toEqual([]);
  expect(figuresBetween(grouped, flat)).toEqual([]);
});
