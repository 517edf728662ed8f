import type { Execution } from '../../aws/executions.ts';
import type { Report, Verdict } from '../../report/report-model.ts';
import { type ExitCode, exitCodes, StampedeError } from '../../shared/errors.ts';
import type { OutputFlags } from '../output/report-outputs.ts';

/** A command passes its exit code to this. */
export type Finish = (code: ExitCode) => void;

const exitCodeByVerdict = {
  passed: exitCodes.passed,
  inconclusive: exitCodes.passed,
  failed: exitCodes.thresholdsFailed,
  aborted: exitCodes.stoppedByUser,
} as const satisfies Record<Verdict, ExitCode>;

/**
 * A run with a report ends by its verdict.
 * @param options requireConclusive: an inconclusive run ends as a failed one
 */
export function exitCodeOfReport(
  { verdict }: Pick<Report, 'verdict'>,
  { requireConclusive = false }: Pick<OutputFlags, 'requireConclusive'> = {},
): ExitCode {
  return requireConclusive && verdict === 'inconclusive'
    ? exitCodes.thresholdsFailed
    : exitCodeByVerdict[verdict];
}

/** The plan function saw what this process could not: the account's own limits, or whose the target is. */
export class RunRefusedError extends StampedeError {
  constructor(execution: Execution) {
    const message = parseFunctionError(execution.cause)?.errorMessage ?? 'preflight refuses this run';
    super('RefusedByPreflight', message, { exitCode: exitCodes.refusedByPreflight });
  }
}

/** The plan function saw what this process could not: what the rule of the stack reads. */
export class RunInvalidError extends StampedeError {
  constructor(execution: Execution) {
    const message = parseFunctionError(execution.cause)?.errorMessage ?? reasonOf(execution);
    super('InvalidInput', message, { exitCode: exitCodes.badUsage });
  }
}

/** What a run without a report has left. */
export interface RunTraces {
  /** Where the functions' output lies. */
  readonly logs: string;
  /** The arguments of `stampede report` for this run; absent: none can be made. */
  readonly report?: string;
}

/** The execution ended without a report. */
export class RunFailedError extends StampedeError {
  constructor(execution: Execution, { logs, report }: RunTraces, exitCode: ExitCode) {
    const again =
      report === undefined ? '' : `a report of what was stored by then: npx stampede report ${report}; `;
    super('RunFailed', `the run ended without a report: ${reasonOf(execution)}`, {
      hint: `${again}the output of the functions says more: ${logs}`,
      exitCode,
    });
  }
}

/** Ctrl-C before the execution had begun. */
export class StoppedBeforeStartError extends StampedeError {
  constructor() {
    super('StoppedBeforeStart', 'stopped before the run had begun: nothing was sent', {
      exitCode: exitCodes.stoppedByUser,
    });
  }
}

/** A second Ctrl-C. */
export class QuitError extends StampedeError {
  /** @param hint where the rest is to be found */
  constructor(hint: string) {
    super('Quit', 'quit at once, without a report', {
      hint,
      exitCode: exitCodes.stoppedByUser,
    });
  }
}

/** What Step Functions says of a failed execution; a function's error is JSON in the cause. */
function reasonOf({ status, error, cause }: Execution): string {
  const parts = [error ?? status.toLowerCase()];
  const message = parseFunctionError(cause)?.errorMessage ?? cause;
  if (message !== undefined && message !== '') parts.push(message);
  return parts.join(': ');
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html */
interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
}

function parseFunctionError(cause: string | undefined): FunctionError | undefined {
  try {
    const parsed: unknown = JSON.parse(cause ?? '');
    const isFunctionError =
      typeof parsed === 'object' && parsed !== null && 'errorType' in parsed && 'errorMessage' in parsed;
    return isFunctionError ? (parsed as FunctionError) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The error that a run without a report ends in. What the user stopped is stopped, not failed; a fault of the
 * profile's that only the plan function could see (the deployed rule's topics) is bad usage.
 */
export function errorOfExecution(
  execution: Execution,
  traces: RunTraces,
  stoppedByUser: boolean,
): RunFailedError | RunInvalidError | RunRefusedError {
  if (stoppedByUser) return new RunFailedError(execution, traces, exitCodes.stoppedByUser);
  if (execution.error === 'RefusedByPreflight') return new RunRefusedError(execution);
  const isBadInput =
    execution.error === 'InvalidInputError' ||
    parseFunctionError(execution.cause)?.errorType === 'InvalidInputError';
  if (isBadInput) return new RunInvalidError(execution);
  return new RunFailedError(execution, traces, exitCodes.internalError);
}
