import { setImmediate } from 'node:timers/promises';
import { region } from '../gateway/arns.ts';
import { isNestedTooDeep, maxJsonDepth } from '../gateway/request-body.ts';
import { type ChildExecution, type MapParent, type MapRun, runDistributedMap } from './distributed-map.ts';
import { type ExecutionHistory, whole } from './execution-history.ts';
import type { InvokeFunction, Machine, PutObject } from './machine.ts';
import { dataLimitExceeded, maxPayloadBytes, StateError, stringifyPayload } from './state-error.ts';
import { type DistributedMapState, putObjectResource } from './state-machine-definition.ts';
import type { Context, Json, TaskHandlers } from './state-machine-library.ts';

export interface StateHandlersOptions {
  readonly machine: Machine;
  readonly executionArn: string;
  readonly history: ExecutionHistory;
  /** Aborted at the end of the execution, whatever the end. */
  readonly signal: AbortSignal;
  /** `$$` */
  readonly context: Context;
  readonly startChild: (mapRun: MapRun, map: DistributedMapState, item: Json) => ChildExecution;
}

/** States that the library does not run itself: Tasks (a Lambda function, or PutObject) and Distributed Maps, which are Tasks to it. */
export function makeStateHandlers(options: StateHandlersOptions): TaskHandlers {
  const { machine, history, signal } = options;
  const handlers: TaskHandlers = {};
  const parent = makeMapParent(options);

  const handle = (name: string, run: (input: Json) => Promise<Json>): void => {
    handlers[name] = async (input) => {
      // The library's log is read a turn later than its states run: without this the history would be out of order.
      await setImmediate();
      // The library retries a task even after its execution was stopped.
      if (signal.aborted)
        throw new StateError('States.Aborted', 'The execution was stopped.', { isTerminal: true });
      return run(input);
    };
  };

  for (const [name, resource] of machine.prepared.tasks) {
    handle(name, (input) =>
      resource === putObjectResource
        ? runPutObject(machine.putObject, history, input)
        : runTask({ name, resource, invokeFunction: machine.invokeFunction, history }, input),
    );
  }
  for (const [name, map] of machine.prepared.maps) {
    handle(name, (input) => runMap(history, map, input, parent));
  }
  return handlers;
}

interface FunctionTask {
  readonly name: string;
  readonly resource: string;
  readonly invokeFunction: InvokeFunction;
  readonly history: ExecutionHistory;
}

async function runTask(
  { name, resource, invokeFunction, history }: FunctionTask,
  payload: Json,
): Promise<Json> {
  const input = stringifyPayload(payload, `The state/task '${name}' was given an input`);
  history.add('LambdaFunctionScheduled', {
    lambdaFunctionScheduledEventDetails: { resource, input, inputDetails: whole },
  });
  history.add('LambdaFunctionStarted');
  try {
    const output = await invokeFunction(resource, input);
    if (Buffer.byteLength(output) > maxPayloadBytes)
      throw dataLimitExceeded(`The state/task '${name}' returned a result`);
    if (isNestedTooDeep(output))
      throw new StateError(
        'States.Runtime',
        `The state/task '${name}' returned a result nested more than ${maxJsonDepth} levels deep`,
        { isTerminal: true },
      );
    history.add('LambdaFunctionSucceeded', {
      lambdaFunctionSucceededEventDetails: { output, outputDetails: whole },
    });
    return JSON.parse(output) as Json;
  } catch (error) {
    history.add('LambdaFunctionFailed', { lambdaFunctionFailedEventDetails: describeError(error) });
    throw error;
  }
}

async function runPutObject(
  putObject: PutObject,
  history: ExecutionHistory,
  parameters: Json,
): Promise<Json> {
  const task = { resourceType: 'aws-sdk:s3', resource: 'putObject' };
  history.add('TaskScheduled', {
    taskScheduledEventDetails: { ...task, region, parameters: JSON.stringify(parameters) },
  });
  history.add('TaskStarted', { taskStartedEventDetails: task });
  try {
    const output = await putObject(parameters);
    history.add('TaskSucceeded', {
      taskSucceededEventDetails: { ...task, output: JSON.stringify(output), outputDetails: whole },
    });
    return output;
  } catch (error) {
    history.add('TaskFailed', { taskFailedEventDetails: { ...task, ...describeError(error) } });
    throw error;
  }
}

async function runMap(
  history: ExecutionHistory,
  map: DistributedMapState,
  input: Json,
  parent: MapParent,
): Promise<Json> {
  try {
    const results = await runDistributedMap(map, input, parent);
    history.add('MapRunSucceeded');
    return results;
  } catch (error) {
    history.add('MapRunFailed', { mapRunFailedEventDetails: describeError(error) });
    throw error;
  }
}

function makeMapParent({
  machine,
  executionArn,
  history,
  signal,
  context,
  startChild,
}: StateHandlersOptions): MapParent {
  return {
    executionArn,
    stateMachineName: machine.name,
    signal,
    startChild,
    async evaluate(definition, input) {
      try {
        return await machine.compile(definition).run(input, { context }).result;
      } catch (error) {
        // The library wraps the state's failure in one of the execution.
        throw (error as Error).cause ?? error;
      }
    },
    onMapRun(mapRun) {
      machine.onMapRun(mapRun);
      history.add('MapRunStarted', { mapRunStartedEventDetails: { mapRunArn: mapRun.mapRunArn } });
    },
  };
}

function describeError(error: unknown): { readonly error: string; readonly cause: string } {
  const { name, message } = error as Error;
  return { error: name, cause: message };
}
