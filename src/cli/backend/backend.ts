import type { Control } from '../../aws/control.ts';
import type { Executions } from '../../aws/executions.ts';
import type { SliceCounts } from '../../aws/map-runs.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Report } from '../../report/report-model.ts';
import type { ProgressTotals, ServiceCounts } from '../run/progress.ts';
import type { RunRecord } from '../runs/run-directory.ts';

/** Where runs are under way: an embedded AWS, of this process or another, or a stack on AWS. */
export interface Backend {
  readonly executions: Pick<Executions, 'arnOf' | 'start' | 'describe' | 'stop' | 'latest'>;
  readonly control: Pick<Control, 'requestStop' | 'clear'>;
  readonly record: RunRecord;
  /** Where the functions' output is to be found. */
  readonly logs: string;
  /** Between two looks at a run: AWS gives so many calls a second, and embedded AWS any. */
  readonly lookEveryMs: number;
  /**
   * A stopped run still disconnects its devices, drains and writes its report: the profile's drain and this much more.
   * Past it the execution is stopped from outside, without a report.
   */
  readonly stopPatienceMs: number;
  /** How a run goes; what cannot be had is absent. */
  live(question: LiveQuestion): Promise<LiveFigures>;
  /** Brings a report to where the user looks for it. */
  keep(report: Report): Promise<void>;
}

export interface LiveQuestion {
  readonly runId: string;
  readonly executionArn: string;
  /** Absent until it is made. */
  readonly plan: Plan | undefined;
}

export interface LiveFigures {
  readonly totals?: ProgressTotals;
  readonly slices?: SliceCounts;
  readonly cloudwatch?: ServiceCounts;
  /** What cannot be had and why, each said once. */
  readonly notes?: readonly string[];
}
