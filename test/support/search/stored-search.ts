import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { decideNext, isAnswer } from '../../../src/plan/search/decide-next.ts';
import type { JudgedHold } from '../../../src/plan/search/judged-hold.ts';
import type { SearchAnswer } from '../../../src/plan/search/search-answer.ts';
import type { CapacitySearch } from '../../../src/profile/search.ts';
import type { Rehearsal } from '../run/rehearsal.ts';

/** The holds of a search as it judged them, and what follows from them. */
export interface StoredSearch {
  readonly judged: readonly JudgedHold[];
  readonly answer: SearchAnswer;
}

/** What the search of a run stored. @throws where no answer follows from it */
export function readSearch(runDirectory: string): StoredSearch {
  const read = (file: string) => JSON.parse(readFileSync(path.join(runDirectory, file), 'utf8'));
  const judged: JudgedHold[] = readdirSync(path.join(runDirectory, 'search'))
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .map((file) => read(path.join('search', file)));
  const answer = decideNext(read('plan.json').profile.search as CapacitySearch, judged);
  if (!isAnswer(answer)) throw new Error(`no answer after ${describeHolds(judged)}`);
  return { judged, answer };
}

/** Runs the search of a profile to its end. @param whileItRuns from the start of the execution on */
export async function runSearch(
  rehearsal: Rehearsal,
  profile: object,
  whileItRuns?: () => Promise<void>,
): Promise<StoredSearch> {
  const run = await rehearsal.begin(profile);
  await whileItRuns?.();
  const execution = await run.executionEnded();
  const directory = path.join(rehearsal.runsDirectory, run.runId);
  if (!existsSync(path.join(directory, 'search')))
    throw new Error(`${run.runId} judged no hold: ${JSON.stringify(execution)}`);
  return readSearch(directory);
}

/** A line a hold: why a test failed. */
export function describeHolds(judged: readonly JudgedHold[]): string {
  return judged
    .map(({ level, outcome, broke, voidBecause = [], figures: { sentPerSecond, perSecond, latencyMs } }) => {
      const because = [
        ...broke.map(({ metric, expression, actual }) => `${metric} ${expression}: ${actual}`),
        ...voidBecause.map(({ sentence }) => sentence),
      ];
      const p99 = latencyMs.end_to_end_latency?.p99;
      return `${level}: ${outcome}, sent ${sentPerSecond}/s, received ${perSecond}/s, p99 ${p99} ms. ${because.join(' ')}`;
    })
    .join('\n');
}
