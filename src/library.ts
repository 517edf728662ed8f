/**
 * Stampede as a library, for tests of your own code. It needs Node 24.
 * @module stampede
 */

import { makeEmbeddedSite } from './cli/backend/run-site.ts';
import { checkDraft, draftRun } from './cli/run/draft-run.ts';
import { runToReport } from './cli/run/follow-run.ts';
import type { Interrupts } from './cli/run/interrupts.ts';
import { errorOfExecution, StoppedBeforeStartError } from './cli/run/run-outcome.ts';
import { applyOverrides, type ProfileOverrides } from './profile/overrides.ts';
import type { Report } from './report/report-model.ts';
import type { QuotaName } from './targets/aws-iot/quotas.ts';
import { parseProfile } from './targets/parse-profile.ts';

export { makePlan, type PlanRequest } from './plan/make-plan.ts';
export type { Plan } from './plan/plan.ts';
export type { LoadProfile } from './profile/load-profile.ts';
export type { PayloadFunction, PayloadMessage } from './profile/payload-message.ts';
export type { Report, Verdict } from './report/report-model.ts';
export { InvalidInputError, StampedeError } from './shared/errors.ts';
export { parseProfile as parseLoadProfile } from './targets/parse-profile.ts';
export type { ProfileOverrides, QuotaName };

export interface RunEmbeddedOptions {
  /** Where the run's record and report are kept, as `<directory>/<run id>/`. Default: `runs` in the working directory. */
  readonly runsDirectory?: string;
  /** Settings in place of the profile's, each with the name that an error message gives it. */
  readonly overrides?: ProfileOverrides;
  /** Quotas of the embedded account in place of AWS's defaults. */
  readonly limits?: Readonly<Partial<Record<QuotaName, number>>>;
  /** Stops the run: its devices disconnect, and the report covers what was sent until then. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a load profile on embedded AWS, which is started for it and ends with it: nothing leaves this machine. Takes as
 * long as the load does, and about ten seconds more.
 * @param input the load profile as its JSON file has it, parsed
 * @returns the report. A threshold that failed is its `verdict`, not an error.
 * @throws InvalidInputError with every error of the profile
 * @throws RefusedByPreflightError for a run that exceeds a quota or this machine
 * @throws StampedeError for a run that ended without a report
 */
export async function runEmbedded(input: unknown, options: RunEmbeddedOptions = {}): Promise<Report> {
  const { runsDirectory = 'runs', overrides = [], limits = {}, signal } = options;
  const profile = parseProfile(input, overrides);
  const site = makeEmbeddedSite({ runsDirectory, quotas: { limits } });
  const draft = draftRun(profile, site.draft);
  checkDraft(draft);
  const { runId } = draft.plan;
  const interrupts: Interrupts = {
    stop: signal ?? new AbortController().signal,
    quit: new AbortController().signal,
    close: () => undefined,
  };
  const { execution, report, logs } = await runToReport(site, {
    runId,
    input: applyOverrides(input, overrides).input,
    display: { show: () => undefined, say: () => undefined, end: () => undefined },
    interrupts,
  });
  if (execution === undefined) throw new StoppedBeforeStartError();
  if (report === undefined) {
    const traces = { logs, report: site.argumentsOf(runId) };
    throw errorOfExecution(execution, traces, interrupts.stop.aborted);
  }
  return report;
}
