import type { Execution } from '../../aws/executions.ts';
import { StampedeError } from '../../shared/errors.ts';
import { type Backend, isUnreachable } from './backend.ts';

/** A run, in progress or ended, and its backend. */
export interface FoundRun {
  readonly runId: string;
  readonly backend: Backend;
  /** As it stood when it was found. */
  readonly execution: Execution;
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
export async function findLatestIn(backends: readonly Backend[]): Promise<FoundRun | undefined> {
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
