import { randomUUID } from 'node:crypto';
import { arnOfMapRun } from '../gateway/arns.ts';
import { StateError, stringifyPayload } from './state-error.ts';
import type { Definition, DistributedMapState } from './state-machine-definition.ts';
import type { Json } from './state-machine-library.ts';

export type MapRunStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';

/** One go of one Distributed Map state: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html */
export interface MapRun {
  readonly mapRunArn: string;
  readonly executionArn: string;
  readonly startedAt: number;
  readonly maxConcurrency: number;
  readonly toleratedFailurePercentage: number;
  readonly toleratedFailureCount: number;
  readonly counts: MapRunCounts;
  status: MapRunStatus;
  stoppedAt: number | undefined;
}

export interface MapRunCounts {
  pending: number;
  running: number;
  succeeded: number;
  failed: number;
  timedOut: number;
  aborted: number;
  readonly total: number;
}

export interface ChildExecution {
  readonly finished: Promise<ChildOutcome>;
  abort(): void;
}

export interface ChildOutcome {
  readonly status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  /** JSON, of a child that succeeded. */
  readonly output: string | undefined;
}

/** What the map needs of the execution it is part of. */
export interface MapParent {
  readonly executionArn: string;
  readonly stateMachineName: string;
  readonly signal: AbortSignal;
  /** Runs a definition by the library itself, with the parent's context object: paths and templates are its business. */
  evaluate(definition: Definition, input: Json): Promise<Json>;
  startChild(mapRun: MapRun, map: DistributedMapState, item: Json): ChildExecution;
  onMapRun(mapRun: MapRun): void;
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html: also what 0 stands for */
const maxConcurrency = 10_000;

interface MapSettings {
  readonly maxConcurrency: number;
  readonly percentage: number | undefined;
  readonly count: number | undefined;
}

/**
 * Runs each item as a child execution. Results of the children that succeeded, in the order of the items.
 * @throws StateError `States.ExceedToleratedFailureThreshold`, `States.DataLimitExceeded`, `States.Runtime`
 */
export async function runDistributedMap(
  map: DistributedMapState,
  input: Json,
  parent: MapParent,
): Promise<Json> {
  const settings = await readSettings(map, input, parent);
  const items = await selectItems(map, input, parent);
  for (const item of items) stringifyPayload(item, `The item of map '${map.label}' was made`);

  const counts: MapRunCounts = {
    pending: items.length,
    running: 0,
    succeeded: 0,
    failed: 0,
    timedOut: 0,
    aborted: 0,
    total: items.length,
  };
  const mapRun: MapRun = {
    mapRunArn: arnOfMapRun(parent.stateMachineName, map.label, randomUUID()),
    executionArn: parent.executionArn,
    startedAt: Date.now(),
    maxConcurrency: settings.maxConcurrency,
    toleratedFailurePercentage: settings.percentage ?? 0,
    toleratedFailureCount: settings.count ?? 0,
    counts,
    status: 'RUNNING',
    stoppedAt: undefined,
  };
  parent.onMapRun(mapRun);
  const end = (status: MapRunStatus): void => {
    mapRun.status = status;
    mapRun.stoppedAt = Date.now();
  };

  const results = await runChildren({ map, items, mapRun, settings, parent });
  if (parent.signal.aborted) {
    end('ABORTED');
    throw new StateError('States.Aborted', 'The execution was stopped.', { isTerminal: true });
  }
  if (isExceeded(counts, settings)) {
    end('FAILED');
    throw new StateError(
      'States.ExceedToleratedFailureThreshold',
      'The specified tolerated failure threshold was exceeded',
    );
  }
  try {
    stringifyPayload(results, `The state/task '${map.label}' returned a result`);
  } catch (error) {
    end('FAILED');
    throw error;
  }
  end('SUCCEEDED');
  return results;
}

interface ChildrenOfMap {
  readonly map: DistributedMapState;
  readonly items: readonly Json[];
  readonly mapRun: MapRun;
  readonly settings: MapSettings;
  readonly parent: MapParent;
}

/** Resolves when no child runs any more; stops starting them, and aborts them, once the threshold is exceeded. */
function runChildren({ map, items, mapRun, settings, parent }: ChildrenOfMap): Promise<Json[]> {
  const { counts } = mapRun;
  const outputs: (string | undefined)[] = new Array(items.length);
  const running = new Set<ChildExecution>();
  let next = 0;
  let isAborting = false;

  return new Promise((resolve) => {
    const stopped = (): boolean => parent.signal.aborted || isExceeded(counts, settings);

    const advance = (): void => {
      while (!stopped() && next < items.length && counts.running < settings.maxConcurrency) startNext();
      if (stopped() && !isAborting) {
        isAborting = true;
        for (const child of running) child.abort();
      }
      if (running.size > 0 || (next < items.length && !stopped())) return;
      parent.signal.removeEventListener('abort', advance);
      resolve(outputs.filter((output) => output !== undefined).map((output) => JSON.parse(output)));
    };

    const startNext = (): void => {
      const index = next++;
      const child = parent.startChild(mapRun, map, items[index] as Json);
      running.add(child);
      counts.pending -= 1;
      counts.running += 1;
      void child.finished.then(({ status, output }) => {
        running.delete(child);
        counts.running -= 1;
        counts[countOf[status]] += 1;
        outputs[index] = output;
        advance();
      });
    };

    parent.signal.addEventListener('abort', advance);
    advance();
  });
}

const countOf = {
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'timedOut',
  ABORTED: 'aborted',
} as const satisfies Record<ChildOutcome['status'], keyof MapRunCounts>;

/** Whichever of the two is given; neither: no failure is tolerated. */
function isExceeded(counts: MapRunCounts, { percentage, count }: MapSettings): boolean {
  const failures = counts.failed + counts.timedOut + counts.aborted;
  if (count !== undefined && failures > count) return true;
  if (percentage === undefined && count !== undefined) return false;
  return failures * 100 > (percentage ?? 0) * counts.total;
}

/** The items as the library's own Map makes them: inline, with a Pass for its processor. */
async function selectItems(
  { state }: DistributedMapState,
  input: Json,
  parent: MapParent,
): Promise<readonly Json[]> {
  const selector = state.ItemSelector ?? state.Parameters;
  const items = await parent.evaluate(
    single({
      Type: 'Map',
      ...(state.ItemsPath === undefined ? {} : { ItemsPath: state.ItemsPath }),
      ...(selector === undefined ? {} : { ItemSelector: selector }),
      ItemProcessor: single({ Type: 'Pass', End: true }),
      End: true,
    }),
    input,
  );
  return items as readonly Json[];
}

async function readSettings(
  { state, label }: DistributedMapState,
  input: Json,
  parent: MapParent,
): Promise<MapSettings> {
  const paths = Object.fromEntries(
    ['MaxConcurrency', 'ToleratedFailurePercentage', 'ToleratedFailureCount'].flatMap((field) =>
      `${field}Path` in state ? [[`${field}.$`, state[`${field}Path`]]] : [],
    ),
  );
  const atRunTime =
    Object.keys(paths).length === 0
      ? {}
      : ((await parent.evaluate(single({ Type: 'Pass', Parameters: paths, End: true }), input)) as object);
  const values = { ...state, ...atRunTime } as Readonly<Record<string, unknown>>;
  const number = (field: string, max: number): number | undefined => {
    const value = values[field];
    if (value === undefined) return undefined;
    if (typeof value === 'number' && value >= 0 && value <= max) return value;
    throw new StateError(
      'States.Runtime',
      `${field} of map '${label}' is ${value}, not a number from 0 to ${max}`,
      {
        isTerminal: true,
      },
    );
  };
  return {
    maxConcurrency: Math.min(
      number('MaxConcurrency', Number.MAX_SAFE_INTEGER) || maxConcurrency,
      maxConcurrency,
    ),
    percentage: number('ToleratedFailurePercentage', 100),
    count: number('ToleratedFailureCount', Number.MAX_SAFE_INTEGER),
  };
}

function single(state: Definition['States'][string]): Definition {
  return { StartAt: 'Only', States: { Only: state } };
}
