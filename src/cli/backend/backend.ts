import type { Executions } from '../../aws/executions.ts';
import type { SliceCounts } from '../../aws/map-runs.ts';
import type { RunRecord } from '../../aws/run-archive.ts';
import type { RunView, ViewRequest } from '../../live/run-in-progress.ts';
import type { RunTotals } from '../../live/run-totals.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Report } from '../../report/report-model.ts';
import type { RunControl } from '../../worker/run-control.ts';
import type { DraftOptions } from '../run/draft-run.ts';
import type { ServiceCounts } from '../run/progress.ts';

/**
 * Where runs take place. Three makers: embedded AWS that this process starts (embedded-backend.ts), one that another process
 * has started (attached-backend.ts), and a deployed stack (stack-backend.ts).
 */
export interface Backend {
  readonly executions: Pick<Executions, 'arnOf' | 'start' | 'describe' | 'stop' | 'latest'>;
  readonly control: RunControl;
  readonly record: RunRecord;
  /** Where to find the functions' output. */
  readonly logs: string;
  /** Between two polls of a run: AWS gives so many calls a second, and embedded AWS any. */
  readonly pollEveryMs: number;
  /**
   * A stopped run still disconnects its devices, drains and writes its report: the profile's drain and this much more.
   * Past it the execution is stopped from outside, without a report.
   */
  readonly stopTimeoutMs: number;
  /** Progress of a run; what is not known is absent. */
  live(query: LiveQuery): Promise<LiveFigures>;
  /** The same by second and by slice. Undefined: not known here. */
  view?(runId: string, request: ViewRequest): Promise<RunView>;
  /** Copies a report into the user's runs directory. */
  saveReport(report: Report): Promise<void>;
  /** The arguments with which other commands find a run of this backend: `RUN --stage dev`. */
  argumentsOf(runId: string): string;
  /** Waits for `work` on a run. If the backend ends or cannot be reached, rejects with an error that says what to do. */
  guard<Result>(runId: string, work: Promise<Result>): Promise<Result>;
  /** Ends what this process has started. */
  close(): Promise<void>;
}

export interface LiveQuery {
  readonly runId: string;
  readonly executionArn: string;
  /** Absent until it is made. */
  readonly plan: Plan | undefined;
}

export interface LiveFigures {
  readonly totals?: RunTotals;
  readonly slices?: SliceCounts;
  readonly cloudwatch?: ServiceCounts;
  /** What is not known and why, each reported once. */
  readonly notes?: readonly string[];
}

/** A backend that a run may be started on, before anything is started. */
export interface RunSite {
  /** What its plan is checked against. */
  readonly draft: DraftOptions;
  /** Shown to the user before the plan. */
  readonly rows: readonly (readonly [label: string, text: string])[];
  /** The same, as JSON for programs. */
  readonly facts: Readonly<Record<string, string>>;
  /** How to find a run that continues after the user quit. */
  whereItIs(runId: string): string;
  /** Of the backend that it opens. */
  argumentsOf(runId: string): string;
  /**
   * Connects once to the target that a profile names, before anything is started.
   * @throws TargetNotReadyError, BadCredentialsError
   */
  checkTarget(runId: string, input: unknown): Promise<void>;
  /**
   * Where devices sign requests on this machine: that its user has credentials of AWS, and in which Region they sign. Undefined: none sign, or
   * they do it elsewhere. @throws NoSigningCredentialsError
   */
  signingOf(input: unknown): Promise<Signing | undefined>;
  open(request: OpenRequest): Promise<Backend>;
}

/** The user's credentials of AWS sign requests; an empty Region: each group of the profile names its own. */
export interface Signing {
  readonly region: string;
}

export interface OpenRequest {
  /** A line for the user. */
  say(line: string): void;
  /** Ends it at once. */
  readonly quit: AbortSignal;
  /** Environment variables of this process that the run's devices take passwords from. */
  readonly variables: readonly string[];
  /** What the run's profile takes of the rule. */
  readonly payloads: 'json' | 'any';
  readonly signing?: Signing;
}

/** Nothing listens at the address any more. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
}
