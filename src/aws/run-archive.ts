import type { Report } from '../report/report-model.ts';
import { readStoredReport } from '../report/stored/read-report.ts';
import { runIdPattern } from '../shared/run-id.ts';
import { checkPlace, runKeys } from './run-keys.ts';
import type { RunObjects } from './run-objects.ts';
import { openRunStore, type RunStore } from './run-store.ts';

/** A run store whose reports are read as well. Functions only write them, and do without what checks them. */
export interface RunArchive extends RunStore {
  /** Undefined: the run has no report (yet). @throws UnreadableFileError, OtherRunError */
  getReport(runId: string): Promise<Report | undefined>;
  getReportHtml(runId: string): Promise<string | undefined>;
}

/** What a report is made of and put into. */
export interface RunRecord extends RecordOfRun {
  /** Of a run in several Regions, which this record is the sum of: that of each. Absent: the run is in one. */
  readonly regions?: readonly RegionRecord[];
}

/** What one Region's part of a run has left. */
export interface RegionRecord {
  readonly name: string;
  readonly record: RunRecord;
}

type RecordOfRun = Pick<
  RunArchive,
  | 'getPlan'
  | 'sliceResults'
  | 'sliceDeaths'
  | 'actions'
  | 'judgedHolds'
  | 'arrivalWindows'
  | 'subscribers'
  | 'deadLetters'
  | 'getFaults'
  | 'getReport'
  | 'putReport'
>;

export function openRunArchive(objects: RunObjects): RunArchive {
  return {
    ...openRunStore(objects),
    async getReport(runId) {
      if (!runIdPattern.test(runId)) throw objects.notFound(runId);
      const key = runKeys.report(runId);
      const body = await objects.get(key);
      if (body === undefined) return undefined;
      const file = objects.nameOf(key);
      const report = await readStoredReport(body, file);
      checkPlace(runKeys.report(report.runId), report.runId, { runId, key, file });
      return report;
    },
    getReportHtml: async (runId) => (await objects.get(runKeys.reportHtml(runId)))?.toString(),
  };
}
