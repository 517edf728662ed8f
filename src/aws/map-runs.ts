import { DescribeMapRunCommand, ListMapRunsCommand, type SFNClient } from '@aws-sdk/client-sfn';

/** Slices of a run by the state of their executions. */
export interface SliceCounts {
  readonly total: number;
  /** Not started yet. */
  readonly pending: number;
  readonly running: number;
  readonly done: number;
  /** Failed, timed out or aborted. */
  readonly failed: number;
}

/** Undefined: the execution has not come to its Map yet. */
export type CountSlices = (executionArn: string) => Promise<SliceCounts | undefined>;

/** A run's slices are the items of its Map Run. */
export function makeCountSlices(client: SFNClient): CountSlices {
  const mapRuns = new Map<string, string>();

  const mapRunOf = async (executionArn: string): Promise<string | undefined> => {
    const known = mapRuns.get(executionArn);
    if (known !== undefined) return known;
    const found = await client.send(new ListMapRunsCommand({ executionArn, maxResults: 1 }));
    const mapRunArn = found.mapRuns?.[0]?.mapRunArn;
    if (mapRunArn !== undefined) mapRuns.set(executionArn, mapRunArn);
    return mapRunArn;
  };

  return async (executionArn) => {
    const mapRunArn = await mapRunOf(executionArn);
    if (mapRunArn === undefined) return undefined;
    const { itemCounts } = await client.send(new DescribeMapRunCommand({ mapRunArn }));
    if (itemCounts === undefined) return undefined;
    const { total = 0, pending = 0, running = 0, succeeded = 0 } = itemCounts;
    const { failed = 0, timedOut = 0, aborted = 0 } = itemCounts;
    return { total, pending, running, done: succeeded, failed: failed + timedOut + aborted };
  };
}
