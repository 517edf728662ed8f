import { randomUUID } from 'node:crypto';
import { accountId, arnOfChildExecution, partition } from '../gateway/arns.ts';
import type { ChildExecution, MapRun } from './distributed-map.ts';
import { type ExecutionHistory, followStates, makeExecutionHistory, whole } from './execution-history.ts';
import type { Execution, ExecutionStatus, Machine } from './machine.ts';
import { dataLimitExceeded, maxPayloadBytes } from './state-error.ts';
import { makeStateHandlers } from './state-handlers.ts';
import type { Definition, DistributedMapState } from './state-machine-definition.ts';
import type { Json } from './state-machine-library.ts';

export interface ExecutionStart {
  readonly executionArn: string;
  readonly name: string;
  readonly mapRunArn?: string;
  readonly definition: Definition;
  readonly input: Json;
}

interface Ending {
  readonly status: Exclude<ExecutionStatus, 'RUNNING'>;
  readonly output?: string;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

/** Runs a definition in the library; what the library does not do (Distributed Maps, limits, history) is added around it. */
export function startExecution(machine: Machine, start: ExecutionStart): Execution {
  const startedAt = Date.now();
  const history = makeExecutionHistory();
  const aborted = new AbortController();
  let ending: Ending | undefined;
  let stoppedAt: number | undefined;

  const context = {
    Execution: {
      Id: start.executionArn,
      Name: start.name,
      RoleArn: roleArn,
      StartTime: new Date(startedAt).toISOString(),
    },
    StateMachine: { Id: machine.arn, Name: machine.name },
  };
  const input = JSON.stringify(start.input);
  history.add('ExecutionStarted', {
    executionStartedEventDetails: { input, inputDetails: whole, roleArn },
  });

  const run = machine.compile(start.definition).run(start.input, {
    context,
    overrides: {
      taskResourceLocalHandlers: makeStateHandlers({
        machine,
        executionArn: start.executionArn,
        history,
        signal: aborted.signal,
        context,
        startChild: (mapRun, map, item) => startChild(machine, mapRun, map, item),
      }),
    },
  });
  const follow = followStates(run.eventLogs, history, {
    isMap: (name) => machine.prepared.maps.has(name),
    onPayload(json, stateName) {
      if (Buffer.byteLength(json) <= maxPayloadBytes) return;
      const { name, message } = dataLimitExceeded(`The state/task '${stateName}' had a payload`);
      end({ status: 'FAILED', error: name, cause: message });
    },
  });

  function end(how: Ending): void {
    if (ending !== undefined) return;
    ending = how;
    stoppedAt = Date.now();
    // Ends what of it still runs: the library's states, and the children.
    run.abort();
    aborted.abort();
  }

  const finished = run.result
    .then(
      (output) => end({ status: 'SUCCEEDED', output: JSON.stringify(output) }),
      (error: Error) => end(describeFailure(error)),
    )
    // The library's log is read to its end first: the last event is the execution's own.
    .then(() => follow)
    .then(() => {
      if (ending !== undefined) recordEnd(history, ending);
    });

  return {
    executionArn: start.executionArn,
    name: start.name,
    mapRunArn: start.mapRunArn,
    input,
    startedAt,
    history,
    finished,
    get status() {
      return ending?.status ?? 'RUNNING';
    },
    get stoppedAt() {
      return stoppedAt;
    },
    get output() {
      return ending?.output;
    },
    get error() {
      return ending?.error;
    },
    get cause() {
      return ending?.cause;
    },
    abort: (error, cause) => end({ status: 'ABORTED', error, cause }),
  };
}

function startChild(
  machine: Machine,
  mapRun: MapRun,
  { label, processor }: DistributedMapState,
  input: Json,
): ChildExecution {
  const name = randomUUID();
  const child = startExecution(machine, {
    executionArn: arnOfChildExecution(machine.name, label, name),
    name,
    mapRunArn: mapRun.mapRunArn,
    definition: processor,
    input,
  });
  machine.onChild(child);
  return {
    abort: () => child.abort(),
    finished: child.finished.then(() => ({ status: child.status as Ending['status'], output: child.output })),
  };
}

/** No service assumes this role: embedded AWS has no IAM. */
const roleArn = `arn:${partition}:iam::${accountId}:role/embedded`;

/** The error that the library rejects with, as DescribeExecution reports it. */
function describeFailure(thrown: Error): Ending {
  if (thrown.name === 'ExecutionTimeoutError') return { status: 'TIMED_OUT' };
  if (thrown.name === 'ExecutionAbortedError') return { status: 'ABORTED' };
  const reason = thrown.cause instanceof Error ? thrown.cause : thrown;
  // The library's name for a Fail state that has none.
  const isNameless = reason.name === 'FailStateError';
  return {
    status: 'FAILED',
    error: isNameless ? undefined : reason.name,
    cause: isNameless ? undefined : reason.message,
  };
}

const endEvents = {
  SUCCEEDED: 'ExecutionSucceeded',
  FAILED: 'ExecutionFailed',
  TIMED_OUT: 'ExecutionTimedOut',
  ABORTED: 'ExecutionAborted',
} as const;

function recordEnd(history: ExecutionHistory, { status, output, error, cause }: Ending): void {
  const type = endEvents[status];
  const key = `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`;
  history.add(type, { [key]: status === 'SUCCEEDED' ? { output, outputDetails: whole } : { error, cause } });
  history.close();
}
