import type { ArrivalWindow } from '../../measure/arrival-window.ts';
import type { FoldedSlices } from '../../measure/fold-slices.ts';
import type { SliceDeath } from '../../measure/slice-death.ts';
import type { SliceResult } from '../../measure/slice-result.ts';
import type { StoredDeadLetters } from '../../measure/stored-dead-letters.ts';
import type { SubscriberRecord } from '../../measure/subscriber-record.ts';
import type { StoredAction } from '../../plan/actions/action.ts';
import { checkStoredPlan } from '../../plan/check-plan.ts';
import type { InjectedFaults } from '../../plan/conditions.ts';
import type { Plan } from '../../plan/plan.ts';
import type { JudgedHold } from '../../plan/search/judged-hold.ts';
import { completeStoredTarget } from '../../targets/stored-target.ts';
import { type FileForm, readChecked } from './checked-file.ts';

/** The files of a run store that functions read back; a report is none (`read-report.ts`). */
export interface StoredFiles {
  readonly plan: Plan;
  readonly sliceResult: SliceResult;
  readonly action: StoredAction;
  readonly judgedHold: JudgedHold;
  readonly sliceDeath: SliceDeath;
  readonly arrivalWindow: ArrivalWindow;
  readonly foldedSlices: FoldedSlices;
  readonly subscriberRecord: SubscriberRecord;
  readonly deadLetters: StoredDeadLetters;
  readonly injectedFaults: InjectedFaults;
}

export type StoredKind = keyof StoredFiles;

type VersionOf<File> = File extends { version: infer Version } ? Version : undefined;

/** Those without a version are written by the state machine and by embedded AWS. */
const forms: {
  readonly [Kind in StoredKind]: FileForm<StoredFiles[Kind]> & {
    readonly version: VersionOf<StoredFiles[Kind]>;
  };
} = {
  plan: {
    version: 1,
    load: () => import('./generated/plan.ts'),
    complete: completeStoredTarget,
    problemsOf: checkStoredPlan,
  },
  sliceResult: { version: 2, load: () => import('./generated/slice-result.ts') },
  action: { version: 1, load: () => import('./generated/action.ts') },
  judgedHold: { version: undefined, load: () => import('./generated/judged-hold.ts') },
  sliceDeath: { version: undefined, load: () => import('./generated/slice-death.ts') },
  arrivalWindow: { version: 2, load: () => import('./generated/arrival-window.ts') },
  foldedSlices: { version: 1, load: () => import('./generated/folded-slices.ts') },
  subscriberRecord: { version: 1, load: () => import('./generated/subscriber-record.ts') },
  deadLetters: { version: 1, load: () => import('./generated/dead-letters.ts') },
  injectedFaults: { version: undefined, load: () => import('./generated/injected-faults.ts') },
};

/**
 * Reads a file of one kind as `readChecked` does.
 * @param file where it was, for the error
 * @throws {UnreadableFileError}
 */
export function readStored<Kind extends StoredKind>(
  kind: Kind,
  text: string | Buffer,
  file: string,
): Promise<StoredFiles[Kind]> {
  return readChecked<StoredFiles[Kind]>(forms[kind], text, file);
}
