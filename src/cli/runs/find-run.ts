import type { Execution } from '../../aws/executions.ts';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import { latest } from './report-file.ts';
import type { Backend } from '../backend/backend.ts';
import { isStage, type StageFlags } from '../options/stage-flags.ts';
import { isUnreachable } from '../backend/unreachable.ts';

/** A run that goes on, or has ended, in a place that knows it. */
export interface FoundRun {
  readonly runId: string;
  readonly place: Backend;
  /** As it stood when it was found. */
  readonly execution: Execution;
}

export class RunNotReachableError extends StampedeError {
  constructor(runId: string, runsDirectory: string, places: number) {
    const where =
      places === 0
        ? `no embedded AWS is running on ${runsDirectory}`
        : `the embedded AWS that runs on ${runsDirectory} knows no such run`;
    super('RunNotReachable', `run ${runId} cannot be reached: ${where}`, {
      hint: 'a rehearsal ends with the process that started it, and `npx stampede report` shows what it has left; a run on AWS is found by --stage',
      exitCode: exitCodes.badUsage,
    });
  }
}

/**
 * Finds a run by its id: in the stack of a stage, or in whatever embedded AWS runs on a runs directory.
 * @throws RunNotReachableError, ExecutionNotFoundError, ForeignExecutionError, and what keeps from the stack
 */
export async function findRun(
  runId: string,
  { runs, ...flags }: StageFlags & { readonly runs: string },
): Promise<FoundRun> {
  if (isStage(flags)) {
    const { openStack } = await import('../backend/stack-backend.ts');
    const { place, runIdOf } = await openStack(flags, runs);
    const known = runId === latest ? await place.executions.latest() : runIdOf(runId);
    const execution = await place.executions.describe(place.executions.arnOf(known ?? runId));
    return { runId: known ?? runId, place, execution };
  }
  const [{ findAddresses }, { embeddedBackendOf }] = await Promise.all([
    import('../../embedded/gateway/addresses.ts'),
    import('../backend/embedded-backend.ts'),
  ]);
  const places = findAddresses(runs).map((address) => embeddedBackendOf(address, runs));
  const found = await findRunIn(places, runId);
  if (found === undefined) throw new RunNotReachableError(runId, runs, places.length);
  return found;
}

/** The first of these places that knows the run; undefined where none does. */
export async function findRunIn(places: readonly Backend[], runId: string): Promise<FoundRun | undefined> {
  for (const place of places) {
    try {
      return { runId, place, execution: await place.executions.describe(place.executions.arnOf(runId)) };
    } catch (error) {
      // The embedded AWS may have ended, and another process may have its process id by now.
      if (!isNotFound(error) && !isUnreachable(error)) throw error;
    }
  }
  return undefined;
}

/** By its code: the class would load the SDK's client for every command. */
function isNotFound(error: unknown): boolean {
  return error instanceof StampedeError && error.code === 'ExecutionNotFound';
}
