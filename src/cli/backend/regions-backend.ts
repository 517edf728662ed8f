import type { Execution } from '../../aws/executions.ts';
import type { SliceCounts } from '../../aws/map-runs.ts';
import type { RunArchive } from '../../aws/run-archive.ts';
import type { RunTotals } from '../../live/run-totals.ts';
import type { Plan } from '../../plan/plan.ts';
import { messageOf, StampedeError } from '../../shared/errors.ts';
import type { Backend, LiveFigures } from './backend.ts';
import { uniteRecords } from './regions-record.ts';

/** Where one Region's part of a run takes place. */
export interface RegionBackend {
  readonly name: string;
  readonly backend: Backend;
}

export interface UnitedRun {
  /** The plan of all Regions, as of now. */
  plan(runId: string, input: unknown): Plan;
  /** Where the report of all Regions is. */
  readonly store: Pick<RunArchive, 'getReport' | 'putReport' | 'putPlan'>;
  argumentsOf(runId: string): string;
}

/** A part of a run could not be started; what had been started of the others is stopped. */
export class RegionNotStartedError extends StampedeError {
  constructor(name: string, error: unknown) {
    super('RegionNotStarted', `the run did not start in ${name}: ${messageOf(error)}`, {
      hint: 'the other Regions were stopped before anything was sent; run it again once this one can start',
    });
  }
}

/** Several backends, each of which runs its part of every run, as one. The execution is named by the run's id. */
export function uniteBackends(
  regions: readonly RegionBackend[],
  { plan, store, argumentsOf }: UnitedRun,
): Backend {
  const backends = regions.map(({ backend }) => backend);
  const [first] = backends as [Backend];
  const ofAll = async <Result>(work: (backend: Backend) => Promise<Result>): Promise<Result[]> => {
    const settled = await Promise.allSettled(backends.map(work));
    // All of them are tried before the first failure is reported.
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
    return settled.map((result) => (result as PromiseFulfilledResult<Result>).value);
  };
  const stopAll = (runId: string, cause: string) =>
    ofAll(({ executions }) => executions.stop(executions.arnOf(runId), cause));
  /** Runs whose other Regions were stopped because one had not begun. */
  const calledOff = new Set<string>();

  const describe = async (runId: string): Promise<Execution> => {
    const parts = await ofAll(({ executions }) => executions.describe(executions.arnOf(runId)));
    const refused = parts.find(({ status, error }) => status === 'FAILED' && !isSummarized(error));
    if (refused !== undefined && parts.some(isRunning)) {
      if (!calledOff.has(runId)) {
        calledOff.add(runId);
        await stopRunning(runId, parts);
      }
      return { ...refused, executionArn: runId, status: 'RUNNING' };
    }
    const decides = parts.find(isRunning) ?? refused ?? parts.find(isUnfinished) ?? parts.find(isFailed);
    return { ...(decides ?? parts[0]!), executionArn: runId };
  };

  /** Those that had begun by then end as on Ctrl-C. */
  const stopRunning = async (runId: string, parts: readonly Execution[]): Promise<void> => {
    for (const [i, part] of parts.entries()) {
      if (!isRunning(part)) continue;
      const { control, executions } = backends[i]!;
      const reason = 'another Region ended without a report';
      // Slices that have begun end by it; the execution ends either way.
      await control.requestStop(runId, { reason, at: Date.now() }).catch(() => undefined);
      await executions.stop(part.executionArn, reason);
    }
  };

  return {
    pollEveryMs: Math.max(...backends.map(({ pollEveryMs }) => pollEveryMs)),
    stopTimeoutMs: Math.max(...backends.map(({ stopTimeoutMs }) => stopTimeoutMs)),
    executions: {
      arnOf: (runId) => runId,
      async start(runId, input) {
        const whole = plan(runId, input);
        const started = await Promise.allSettled(
          regions.map(({ name, backend }) =>
            backend.executions.start(runId, { plan: { ...whole, region: name } }),
          ),
        );
        const failed = started.findIndex(({ status }) => status === 'rejected');
        if (failed === -1) return runId;
        await stopAll(runId, 'another Region did not start').catch(() => undefined);
        throw new RegionNotStartedError(
          regions[failed]!.name,
          (started[failed] as PromiseRejectedResult).reason,
        );
      },
      describe,
      async stop(runId, cause) {
        await stopAll(runId, cause);
      },
      latest: () => first.executions.latest(),
    },
    control: {
      async issue(runId, ...actions) {
        await ofAll(({ control }) => control.issue(runId, ...actions));
      },
      async requestStop(runId, request) {
        await ofAll(({ control }) => control.requestStop(runId, request));
      },
      async clear(runId) {
        await ofAll(({ control }) => control.clear(runId));
      },
    },
    record: uniteRecords(
      regions.map(({ name, backend: { record } }) => ({ name, record })),
      store,
    ),
    async live({ runId, plan: whole }) {
      const figures = await ofAll(({ executions, live }) =>
        live({ runId, executionArn: executions.arnOf(runId), plan: whole }),
      );
      return sumFigures(figures, regions);
    },
    // The record has put it where the user looks for it.
    saveReport: async () => undefined,
    logs: backends.map(({ logs }) => logs).join(', '),
    argumentsOf,
    guard: (runId, work) => backends.reduce((guarded, backend) => backend.guard(runId, guarded), work),
    async close() {
      await ofAll((backend) => backend.close());
    },
  };
}

const isRunning = ({ status }: Execution): boolean => status === 'RUNNING';
const isFailed = ({ status }: Execution): boolean => status === 'FAILED';
/** Stopped from outside, or out of time. */
const isUnfinished = ({ status }: Execution): boolean => status === 'ABORTED' || status === 'TIMED_OUT';

/** Errors with which the state machine ends after its summary. */
function isSummarized(error: string | undefined): boolean {
  return error === 'ThresholdsFailed' || error === 'Aborted';
}

function sumFigures(figures: readonly LiveFigures[], regions: readonly RegionBackend[]): LiveFigures {
  const totals = sumTotals(figures.flatMap((each) => each.totals ?? []));
  const slices = figures.flatMap((each) => each.slices ?? []);
  const cloudwatch = figures.flatMap((each) => each.cloudwatch ?? []);
  const notes = figures.flatMap((each, i) =>
    (each.notes ?? []).map((note) => `${regions[i]!.name}: ${note}`),
  );
  return {
    ...(totals && { totals }),
    ...(slices.length > 0 && { slices: sumNumbers<SliceCounts>(slices) }),
    ...(cloudwatch.length > 0 && { cloudwatch: sumNumbers(cloudwatch) }),
    ...(notes.length > 0 && { notes }),
  };
}

/** Regions report each at its own pace, so that there is no one instant of their sums. A percentile is that of the slowest Region. */
function sumTotals(all: readonly RunTotals[]): RunTotals | undefined {
  if (all.length === 0) return undefined;
  const counts = all.map(
    ({ parts: _, fleet: __, complete: ___, users: ____, endToEndP99Ms: _____, ...rest }) => rest,
  );
  const slowest = Math.max(...all.map(({ endToEndP99Ms = 0 }) => endToEndP99Ms));
  return { ...sumNumbers(counts), ...(slowest > 0 && { endToEndP99Ms: slowest }) };
}

function sumNumbers<Counts extends object>(all: readonly Counts[]): Counts {
  return all.reduce(
    (sum, counts) =>
      Object.fromEntries(
        Object.entries(counts).map(([name, count]) => [
          name,
          Number(sum[name as keyof Counts] ?? 0) + Number(count),
        ]),
      ) as Counts,
  );
}
