import { exitCodes, StampedeError } from '../../shared/errors.ts';
import { isStage, type StageFlags } from '../options/stage-flags.ts';
import { latest } from '../runs/report-file.ts';
import { type FoundRun, findLatestIn, findRunIn } from './found-run.ts';

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
    const found = { runId: known ?? runId, backend, execution };
    const { withOtherRegions } = await import('./stack-regions-site.ts');
    return withOtherRegions(found, flags, runs);
  }
  const [{ findAddresses }, { attachBackend }] = await Promise.all([
    import('../../embedded/gateway/addresses.ts'),
    import('./attached-backend.ts'),
  ]);
  const backends = findAddresses(runs).map((address) => attachBackend(address, runs));
  const found = runId === latest ? await findLatestIn(backends) : await findRunIn(backends, runId);
  if (found !== undefined) return found;
  const { findInRegions } = await import('./find-in-regions.ts');
  const inRegions = await findInRegions(runId, runs);
  if (inRegions === undefined) throw new RunNotReachableError(runId, runs, backends.length);
  return inRegions;
}
