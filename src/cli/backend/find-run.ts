import type { Execution } from '../../aws/executions.ts';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import { isStage, type StageFlags } from '../options/stage-flags.ts';
import { latest } from '../runs/report-file.ts';
import { type Backend, isUnreachable } from './backend.ts';

/** A run, in progress or ended, and its backend. */
export interface FoundRun {
  readonly runId: string;
  readonly backend: Backend;
  /** As it stood when it was found. */
  readonly execution: Execution;
}

/** The backend of a run cannot be reached. */
export class RunNotReachableError extends StampedeError {
  constructor(runId: string, runsDirectory: string, backends: number) {
    const where =
      backends === 0
        ? `no embedded AWS uses the directory ${runsDirectory}`
        : `the embedded AWS of the directory ${runsDirectory} has no such run`;
    super('RunNotReachable', `run ${runId} cannot be reached: ${where}`, {
      hint: 'a rehearsal ends with the process that started it, and `npx stampede report` shows what it has left; a run on AWS is found by --stage',
      exitCode: exitCodes.badUsage,
    });
  }
}

/**
 * Finds a run by its id: in the stack of a stage, or in an embedded AWS that runs on a runs directory.
 * @throws RunNotReachableError, ExecutionNotFoundError, ForeignExecutionError, and what keeps from the stack
 */
export async function findRun(
  runId: string,
  { runs, ...flags }: StageFlags & { readonly runs: string },
): Promise<FoundRun> {
  if (isStage(flags)) {
    const { openStack } = await import('./stack-backend.ts');
    const { backend, runIdOf } = await openStack(flags, runs);
    const { executions } = backend;
    const known = runId === latest ? await executions.latest() : runIdOf(runId);
    const execution = await executions.describe(executions.arnOf(known ?? runId));
    return { runId: known ?? runId, backend, execution };
  }
  const [{ findAddresses }, { attachBackend }] = await Promise.all([
    import('../../embedded/gateway/addresses.ts'),
    import('./attached-backend.ts'),
  ]);
  const backends = findAddresses(runs).map((address) => attachBackend(address, runs));
  const found = runId === latest ? await findLatestIn(backends) : await findRunIn(backends, runId);
  if (found === undefined) throw new RunNotReachableError(runId, runs, backends.length);
  return found;
}

/** The first of these backends that has the run; undefined if none has. */
export async function findRunIn(backends: readonly Backend[], runId: string): Promise<FoundRun | undefined> {
  for (const backend of backends) {
    const { executions } = backend;
    try {
      return { runId, backend, execution: await executions.describe(executions.arnOf(runId)) };
    } catch (error) {
      // The embedded AWS may have ended, and another process may have its process id by now.
      if (!isNotFound(error) && !isUnreachable(error)) throw error;
    }
  }
  return undefined;
}

/** The run that was started last, in the first of these backends that has one. */
async function findLatestIn(backends: readonly Backend[]): Promise<FoundRun | undefined> {
  for (const backend of backends) {
    const runId = await backend.executions.latest().catch(undefinedIfUnreachable);
    const found = runId === undefined ? undefined : await findRunIn([backend], runId);
    if (found !== undefined) return found;
  }
  return undefined;
}

function undefinedIfUnreachable(error: unknown): undefined {
  if (!isUnreachable(error)) throw error;
}

/** By its code: the class would load the SDK's client for every command. */
function isNotFound(error: unknown): boolean {
  return error instanceof StampedeError && error.code === 'ExecutionNotFound';
}
