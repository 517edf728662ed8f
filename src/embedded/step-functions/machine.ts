import type { StateMachine } from 'aws-local-stepfunctions';
import type { MapRun } from './distributed-map.ts';
import type { ExecutionHistory } from './execution-history.ts';
import type { Definition, PreparedDefinition } from './state-machine-definition.ts';
import type { Json } from './state-machine-library.ts';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** One execution, of the state machine or of one item of a map. */
export interface Execution {
  readonly executionArn: string;
  readonly name: string;
  /** Of a child: the map run that started it. */
  readonly mapRunArn: string | undefined;
  /** JSON. */
  readonly input: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly history: ExecutionHistory;
  readonly status: ExecutionStatus;
  readonly stoppedAt: number | undefined;
  readonly output: string | undefined;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  /** Resolves at its end, however it ends. */
  readonly finished: Promise<void>;
  /** Running Lambda invocations go on, as they do on AWS; children do not. */
  abort(error?: string, cause?: string): void;
}

/** Invokes a function: its result as JSON. Rejects with a StateError whose name Retry and Catch can match. */
export type InvokeFunction = (functionArn: string, payload: string) => Promise<string>;

/** S3's PutObject as a task: its parameters as the state gives them, what S3 answers. Rejects with a StateError. */
export type PutObject = (parameters: Json) => Promise<Json>;

export interface Machine {
  readonly name: string;
  readonly arn: string;
  readonly prepared: PreparedDefinition;
  /** Made ready for the library once; thousands of children run the same one. */
  readonly compile: (definition: Definition) => StateMachine;
  readonly invokeFunction: InvokeFunction;
  readonly putObject: PutObject;
  /** Called for every execution and map run that begins, so that both can be described later. */
  readonly onChild: (child: Execution) => void;
  readonly onMapRun: (mapRun: MapRun) => void;
}
