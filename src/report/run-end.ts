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
}: Pick<Report, 'verdict' | 'slices' | 'stop' | 'search'>): boolean {
  if (verdict === 'aborted' || stop?.threshold !== undefined) return false;
  return (
    slices.stopped === 0 || (search !== undefined && stop !== undefined && search.answer.ended !== 'stopped')
  );
}
