import { randomUUID } from 'node:crypto';
import { arnOfExecution, arnOfStateMachine } from '../gateway/arns.ts';
import { AwsError } from '../gateway/aws-error.ts';
import {
  type JsonInput,
  makeJsonService,
  optionalNumber,
  optionalString,
  pageOf,
  requiredString,
  validation,
} from '../gateway/aws-json.ts';
import type { GatewayService } from '../gateway/gateway-service.ts';
import { isNestedTooDeep, maxJsonDepth } from '../gateway/request-body.ts';
import type { MapRun } from './distributed-map.ts';
import { startExecution } from './execution.ts';
import type { Execution, InvokeFunction, Machine, PutObject } from './machine.ts';
import { maxPayloadBytes } from './state-error.ts';
import { type Definition, prepareDefinition } from './state-machine-definition.ts';
import type { Json } from './state-machine-library.ts';
import type { ValidDefinitions } from './valid-definitions.ts';

export interface StepFunctionsOptions {
  readonly stateMachineName: string;
  readonly definition: Definition;
  /** Definitions that need not be validated again; absent: it is validated. */
  readonly valid?: ValidDefinitions;
  readonly invokeFunction: InvokeFunction;
  readonly putObject: PutObject;
}

export interface StepFunctions {
  readonly api: GatewayService;
  readonly stateMachineArn: string;
  /** Loads the engine, so that the first execution need not. */
  warm(): Promise<void>;
  /** Executions of the state machine (not of map items) that have not ended. */
  running(): readonly Execution[];
  close(): Promise<void>;
}

/** What a request may hold: an input of 262,144 bytes as a JSON string, escapes included. */
const maxBodyBytes = 2 * 1_048_576;
const defaultPageSize = 100;
const maxPageSize = 1_000;

/** One state machine, with the operations that starting, watching and stopping it take. */
export function makeStepFunctions(options: StepFunctionsOptions): StepFunctions {
  const arn = arnOfStateMachine(options.stateMachineName);
  const prepared = prepareDefinition(options.definition);
  const executions = new Map<string, Execution>();
  const mapRuns = new Map<string, MapRun>();
  let machine: Promise<Machine> | undefined;

  async function load(): Promise<Machine> {
    const library = await import('aws-local-stepfunctions');
    const { definition, valid } = options;
    if (valid?.has(definition) !== true) {
      // Validates all of it at once, and throws with every fault. It writes into what it reads.
      new library.StateMachine(structuredClone(definition) as never);
      valid?.add(definition);
    }
    return {
      name: options.stateMachineName,
      arn,
      prepared,
      invokeFunction: options.invokeFunction,
      putObject: options.putObject,
      compile: (part) => new library.StateMachine(part as never, { validationOptions: { noValidate: true } }),
      onChild: (child) => executions.set(child.executionArn, child),
      onMapRun: (mapRun) => mapRuns.set(mapRun.mapRunArn, mapRun),
    };
  }
  const loaded = (): Promise<Machine> => {
    machine ??= load().catch((error: Error) => {
      throw new AwsError('InvalidDefinition', error.message);
    });
    return machine;
  };

  const executionOf = (input: JsonInput): Execution => {
    const executionArn = requiredString(input, 'executionArn');
    const execution = executions.get(executionArn);
    if (execution === undefined)
      throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
    return execution;
  };

  const operations = {
    async StartExecution(input: JsonInput) {
      if (requiredString(input, 'stateMachineArn') !== arn) {
        throw new AwsError(
          'StateMachineDoesNotExist',
          `State Machine Does Not Exist: '${input.stateMachineArn}'`,
        );
      }
      const name = checkName(optionalString(input, 'name') ?? randomUUID());
      const text = optionalString(input, 'input') ?? '{}';
      const parsed = parseExecutionInput(text);
      const ready = await loaded();
      const executionArn = arnOfExecution(options.stateMachineName, name);
      const existing = executions.get(executionArn);
      if (existing !== undefined) {
        // The same start again is the same execution: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
        if (existing.status === 'RUNNING' && existing.input === JSON.stringify(parsed))
          return started(existing);
        throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${executionArn}'`);
      }
      const execution = startExecution(ready, {
        executionArn,
        name,
        definition: prepared.definition,
        input: parsed,
      });
      executions.set(executionArn, execution);
      return started(execution);
    },
    DescribeExecution: (input: JsonInput) => describeExecution(executionOf(input), arn),
    StopExecution(input: JsonInput) {
      const execution = executionOf(input);
      execution.abort(optionalString(input, 'error'), optionalString(input, 'cause'));
      return { stopDate: seconds(execution.stoppedAt ?? Date.now()) };
    },
    GetExecutionHistory(input: JsonInput) {
      const { events } = executionOf(input).history;
      const ordered = input.reverseOrder === true ? events.toReversed() : events;
      const { items, nextToken } = pageOf(ordered, optionalString(input, 'nextToken'), pageSizeOf(input));
      return { events: items, nextToken };
    },
    ListExecutions(input: JsonInput) {
      const mapRunArn = optionalString(input, 'mapRunArn');
      const status = optionalString(input, 'statusFilter');
      const all = [...executions.values()]
        .filter((each) => each.mapRunArn === mapRunArn && (status === undefined || each.status === status))
        .reverse();
      const { items, nextToken } = pageOf(all, optionalString(input, 'nextToken'), pageSizeOf(input));
      return { executions: items.map((each) => summarizeExecution(each, arn)), nextToken };
    },
    ListMapRuns(input: JsonInput) {
      const { executionArn } = executionOf(input);
      const all = [...mapRuns.values()].filter((mapRun) => mapRun.executionArn === executionArn);
      const { items, nextToken } = pageOf(all, optionalString(input, 'nextToken'), pageSizeOf(input));
      return {
        mapRuns: items.map((mapRun) => ({
          executionArn,
          mapRunArn: mapRun.mapRunArn,
          stateMachineArn: arn,
          startDate: seconds(mapRun.startedAt),
          stopDate: optionalSeconds(mapRun.stoppedAt),
        })),
        nextToken,
      };
    },
    DescribeMapRun(input: JsonInput) {
      const mapRunArn = requiredString(input, 'mapRunArn');
      const mapRun = mapRuns.get(mapRunArn);
      if (mapRun === undefined) throw new AwsError('ResourceNotFound', `Resource not found: '${mapRunArn}'`);
      return describeMapRun(mapRun);
    },
  };

  return {
    stateMachineArn: arn,
    api: makeJsonService({ service: 'Step Functions', version: '1.0', maxBodyBytes, operations }),
    warm: async () => void (await loaded()),
    running: () =>
      [...executions.values()].filter((each) => each.mapRunArn === undefined && each.status === 'RUNNING'),
    async close() {
      const all = [...executions.values()];
      for (const execution of all) execution.abort();
      await Promise.all(all.map((execution) => execution.finished));
    },
  };
}

const started = ({ executionArn, startedAt }: Execution): object => ({
  executionArn,
  startDate: seconds(startedAt),
});

function summarizeExecution(execution: Execution, stateMachineArn: string): object {
  return {
    executionArn: execution.executionArn,
    stateMachineArn,
    name: execution.name,
    status: execution.status,
    mapRunArn: execution.mapRunArn,
    startDate: seconds(execution.startedAt),
    stopDate: optionalSeconds(execution.stoppedAt),
    redriveCount: 0,
  };
}

function describeExecution(execution: Execution, stateMachineArn: string): object {
  const { input, output, error, cause } = execution;
  return {
    ...summarizeExecution(execution, stateMachineArn),
    input,
    inputDetails: { included: true },
    output,
    outputDetails: output === undefined ? undefined : { included: true },
    error,
    cause,
    redriveStatus: 'NOT_REDRIVABLE',
    redriveStatusReason: 'Embedded AWS redrives no execution',
  };
}

function describeMapRun(mapRun: MapRun): object {
  // One item a child: what counts children counts items.
  const counts = { ...mapRun.counts, resultsWritten: 0, failuresNotRedrivable: 0, pendingRedrive: 0 };
  return {
    mapRunArn: mapRun.mapRunArn,
    executionArn: mapRun.executionArn,
    status: mapRun.status,
    startDate: seconds(mapRun.startedAt),
    stopDate: optionalSeconds(mapRun.stoppedAt),
    maxConcurrency: mapRun.maxConcurrency,
    toleratedFailurePercentage: mapRun.toleratedFailurePercentage,
    toleratedFailureCount: mapRun.toleratedFailureCount,
    itemCounts: counts,
    executionCounts: counts,
    redriveCount: 0,
  };
}

/** 1–80 characters, none of those that ARNs, paths and shells read otherwise. */
function checkName(name: string): string {
  if (name.length >= 1 && name.length <= 80 && !/[\s\p{Cc}<>{}[\]?*"#%\\^|~`$&,;:/]/u.test(name)) return name;
  throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
}

function parseExecutionInput(text: string): Json {
  if (Buffer.byteLength(text) > maxPayloadBytes)
    throw validation(
      `Value at 'input' failed to satisfy constraint: Member must have length less than or equal to ${maxPayloadBytes}`,
    );
  if (isNestedTooDeep(text)) throw invalidInput(`it is nested more than ${maxJsonDepth} levels deep`);
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw invalidInput((error as Error).message);
  }
}

function invalidInput(reason: string): AwsError {
  return new AwsError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${reason}'`);
}

function pageSizeOf(input: JsonInput): number {
  const requested = optionalNumber(input, 'maxResults') ?? 0;
  return requested === 0 ? defaultPageSize : Math.min(requested, maxPageSize);
}

const seconds = (epochMs: number): number => epochMs / 1_000;
const optionalSeconds = (epochMs: number | undefined): number | undefined =>
  epochMs === undefined ? undefined : seconds(epochMs);
