import type { RunConditions } from '../plan/conditions.ts';
import { formatPlural } from '../shared/format.ts';
import { describeFaults } from './conditions-report.ts';
import type { Report } from './report-model.ts';
import { kindOfRun } from './search-outcome.ts';

/** Settings that a comparison describes in a sentence of its own, and settings that are no conditions. */
const apart: readonly RegExp[] = [
  /^profile\.(devices|stages\b.*|startRatePerSecond|name|overrides\b.*|connect\.(protocol|client)|publish\.qos)/,
  /^overrides\b/,
];

/** Compared where both runs have them; of searches they are what the answers are about. */
const thresholds = /^profile\.thresholds\b/;

const mostDifferences = 12;

/** Conditions in which the two runs differ, one sentence each; empty where they are alike. */
export function conditionCautions(baseline: Report, candidate: Report): string[] {
  if (baseline.conditions === undefined && candidate.conditions === undefined) return [];
  if (baseline.conditions === undefined)
    return ['The report of the baseline does not say under which conditions it ran.'];
  if (candidate.conditions === undefined)
    return ['The report of the candidate does not say under which conditions it ran.'];
  const before = flatten(comparable(baseline, baseline.conditions));
  const after = flatten(comparable(candidate, candidate.conditions));
  const left = kindOfRun(candidate) === 'load' ? [...apart, thresholds] : apart;
  const names = [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => before.get(name) !== after.get(name) && !left.some((pattern) => pattern.test(name)),
  );
  const sentences = names
    .slice(0, mostDifferences)
    .map(
      (name) =>
        `The conditions are not the same: ${name} was ${before.get(name) ?? 'not set'} and is ${after.get(name) ?? 'not set'}.`,
    );
  const more = names.length - sentences.length;
  return more > 0 ? [...sentences, `${formatPlural(more, 'more condition')} are not the same.`] : sentences;
}

/** Instants differ in any two runs: a fault counts by what it set. */
function comparable({ timeline }: Report, { faults, ...conditions }: RunConditions): object {
  return {
    ...conditions,
    choices: faults?.choices ?? {},
    faults: describeFaults(faults, timeline.publishAt)
      .map((text) => text.replace(/, [\d.]+ s (before|into).*$/, ''))
      .join('; '),
  };
}

/** `{ a: { b: 1 } }` → `a.b` → `1` */
function flatten(value: unknown, path = '', found = new Map<string, string>()): Map<string, string> {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) {
    if (typeof value !== 'object' || value === null)
      found.set(path, typeof value === 'string' ? value : JSON.stringify(value));
    return found;
  }
  for (const [key, each] of Object.entries(value)) flatten(each, path === '' ? key : `${path}.${key}`, found);
  return found;
}
