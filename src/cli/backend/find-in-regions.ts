import { readdirSync } from 'node:fs';
import path from 'node:path';
import { findAddresses } from '../../embedded/gateway/addresses.ts';
import { regionPattern } from '../../profile/region-shares.ts';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import { planIfAny } from '../run/plan-so-far.ts';
import { embeddedReportArguments, latest } from '../runs/report-file.ts';
import { openRunDirectory } from '../runs/run-directory.ts';
import { attachBackend } from './attached-backend.ts';
import type { Backend } from './backend.ts';
import { type FoundRun, findLatestIn, findRunIn } from './found-run.ts';
import { type RegionBackend, uniteBackends } from './regions-backend.ts';
import { regionDirectory } from './regions-site.ts';

/** A part of a run cannot be reached, so that nothing is done to the others. */
export class RegionNotReachableError extends StampedeError {
  constructor(runId: string, names: readonly string[]) {
    super('RegionNotReachable', `run ${runId} cannot be reached in ${names.join(', ')}`, {
      hint: 'nothing was done in its other Regions either: what is done to a run is done in all of them',
      exitCode: exitCodes.badUsage,
    });
  }
}

/**
 * A run whose Regions are embedded AWS of another process.
 * @returns undefined: none of them has it
 * @throws RegionNotReachableError
 */
export async function findInRegions(runId: string, runsDirectory: string): Promise<FoundRun | undefined> {
  const found: (RegionBackend & { readonly runId: string })[] = [];
  for (const name of namesIn(path.join(runsDirectory, '.regions'))) {
    const directory = regionDirectory(runsDirectory, name);
    const backends = findAddresses(directory).map((address) => attachBackend(address, directory));
    const wanted = found[0]?.runId ?? runId;
    const run = wanted === latest ? await findLatestIn(backends) : await findRunIn(backends, wanted);
    if (run !== undefined) found.push({ name, backend: run.backend, runId: run.runId });
  }
  const [first] = found;
  if (first === undefined) return undefined;
  const plan = await planIfAny(first.backend.record, first.runId);
  const missing = (plan?.regions ?? []).filter((region) => found.every(({ name }) => name !== region.name));
  if (missing.length > 0)
    throw new RegionNotReachableError(
      first.runId,
      missing.map(({ name }) => name),
    );
  const backend = uniteFound(first.runId, found, runsDirectory, (id) =>
    embeddedReportArguments(id, runsDirectory),
  );
  return { runId: first.runId, backend, execution: await backend.executions.describe(first.runId) };
}

/** Backends of a run that was started before. */
export function uniteFound(
  runId: string,
  regions: readonly RegionBackend[],
  runsDirectory: string,
  argumentsOf: (runId: string) => string,
): Backend {
  return uniteBackends(regions, {
    plan: () => {
      throw new RangeError(`${runId} has begun`);
    },
    store: openRunDirectory(runsDirectory),
    argumentsOf,
  });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => regionPattern.test(name));
  } catch {
    return [];
  }
}
