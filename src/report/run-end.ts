import type { Report } from './report-model.ts';

/**
 * Whether the run lasted as long as it was to: neither a user nor StopExecution nor `abortOnFail` ended it. A search that ends its own
 * run has come to its end.
 */
export function cameToItsEnd({
  verdict,
  slices,
  stop,
  search,
  objective,
}: Pick<Report, 'verdict' | 'slices' | 'stop' | 'search' | 'objective'>): boolean {
  if (verdict === 'aborted' || stop?.threshold !== undefined) return false;
  const answer = search?.answer ?? objective?.answer;
  return slices.stopped === 0 || (answer !== undefined && stop !== undefined && answer.ended !== 'stopped');
}
