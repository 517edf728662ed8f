import type { ArrivalWindow } from '../measure/arrival-window.ts';
import type { JudgedHold } from '../plan/search/judged-hold.ts';
import { OtherRunError } from '../report/stored/other-run-error.ts';
import type { StoredFiles, StoredKind } from '../report/stored/read-stored.ts';

/** Points of the live view that InfluxDB did not take while the run went on. */
export interface NewLiveOverflow {
  /** `slice-3-0`, `arrivals-…`, `summary` */
  readonly name: string;
  /** Line protocol, nanoseconds. */
  readonly lines: readonly string[];
  /** InfluxDB had taken nothing of this slice's, or this batch's, before. */
  readonly isWhole: boolean;
  /** HTTP status of its last answer; undefined: there was none. */
  readonly status: number | undefined;
}

/** A leg of a slice: one Lambda invocation. */
export interface LegId {
  readonly slice: number;
  readonly leg: number;
}

/** Keys of a run, as design and documentation name them. */
export const runKeys = {
  plan: (runId: string) => `runs/${runId}/plan.json`,
  slices: (runId: string) => `runs/${runId}/slices/`,
  slice: (runId: string, { slice, leg }: LegId) => `runs/${runId}/slices/${slice}/${leg}.json`,
  faults: (runId: string) => `runs/${runId}/faults.json`,
  deaths: (runId: string) => `runs/${runId}/deaths/`,
  death: (runId: string, { slice, leg }: LegId) => `runs/${runId}/deaths/${slice}/${leg}.json`,
  action: (runId: string, k: number) => `runs/${runId}/actions/${k}.json`,
  judgedHold: (runId: string, { step }: Pick<JudgedHold, 'step'>) => `runs/${runId}/search/${step}.json`,
  arrivals: (runId: string) => `runs/${runId}/arrivals/`,
  arrivalWindow: (runId: string, { observer, window }: Pick<ArrivalWindow, 'observer' | 'window'>) =>
    `runs/${runId}/arrivals/${observer}/${window}.json`,
  /** Sums of an observer's windows, and of slices' results: a list of the files has them last. */
  windowFold: (runId: string, { observer }: Pick<ArrivalWindow, 'observer'>, fold: number) =>
    `runs/${runId}/arrivals/${observer}/folded/${padded(fold)}.json`,
  sliceFold: (runId: string, fold: number) => `runs/${runId}/slices/folded/${padded(fold)}.json`,
  subscribers: (runId: string) => `runs/${runId}/subscribers/`,
  subscriber: (runId: string, { slice }: Pick<LegId, 'slice'>) => `runs/${runId}/subscribers/${slice}.json`,
  deadLetters: (runId: string) => `runs/${runId}/dead-letters.json`,
  report: (runId: string) => `runs/${runId}/report.json`,
  reportHtml: (runId: string) => `runs/${runId}/report.html`,
  liveOverflows: (runId: string) => `runs/${runId}/influx-overflow/`,
  liveOverflow: (runId: string, { name, lines, isWhole, status }: NewLiveOverflow) =>
    `runs/${runId}/influx-overflow/${name}.${lines.length}-lines${status === undefined ? '' : `.${status}`}${isWhole ? '.whole' : ''}.lp`,
} as const;

/** In the order of their numbers where they are listed. */
function padded(fold: number): string {
  return String(fold).padStart(6, '0');
}

/** The key that a file belongs at, by what it says of itself; `runId` is used where it names no run. */
const ownKeys: {
  readonly [Kind in StoredKind]: (value: StoredFiles[Kind], runId: string) => string;
} = {
  plan: ({ runId }) => runKeys.plan(runId),
  sliceResult: (result) => runKeys.slice(result.runId, result),
  action: ({ runId, k }) => runKeys.action(runId, k),
  judgedHold: (hold, runId) => runKeys.judgedHold(runId, hold),
  sliceDeath: (death, runId) => runKeys.death(runId, death),
  arrivalWindow: (window) =>
    window.folded === undefined
      ? runKeys.arrivalWindow(window.runId, window)
      : runKeys.windowFold(window.runId, window, window.folded.fold),
  foldedSlices: ({ runId, fold }) => runKeys.sliceFold(runId, fold),
  subscriberRecord: (record) => runKeys.subscriber(record.runId, record),
  deadLetters: ({ runId }) => runKeys.deadLetters(runId),
  injectedFaults: (_, runId) => runKeys.faults(runId),
};

/** Where a file of a run store was found. */
export interface StoredAt {
  readonly runId: string;
  readonly key: string;
  /** The same for the error: `s3://bucket/key`, or a path. */
  readonly file: string;
}

/** Of a file of any kind but a report. @throws {OtherRunError} */
export function checkOwn<Kind extends StoredKind>(kind: Kind, value: StoredFiles[Kind], at: StoredAt): void {
  checkPlace(ownKeys[kind](value, at.runId), 'runId' in value ? value.runId : at.runId, at);
}

/**
 * A file of another run, slice or batch would be counted for this one, and a report would replace that run's.
 * @param own the key that the file belongs at @param named the run that it names
 * @throws {OtherRunError}
 */
export function checkPlace(own: string, named: string, { runId, key, file }: StoredAt): void {
  if (own !== key) throw new OtherRunError(file, named, { runId, own });
}
