import {
  DescribeExecutionCommand,
  ExecutionDoesNotExist,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { StampedeError } from '../shared/errors.ts';

export type ExecutionStatus =
  | 'RUNNING'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'TIMED_OUT'
  | 'ABORTED'
  | 'PENDING_REDRIVE';

export interface Execution {
  readonly executionArn: string;
  readonly status: ExecutionStatus;
  /** Error name of a failed execution: `ThresholdsFailed`, `Aborted`, `States.Timeout`, … */
  readonly error: string | undefined;
  readonly cause: string | undefined;
}

/** One load test is one execution of the state machine; its name is the run id. */
export interface Executions {
  /** Of a run; there need be none. */
  arnOf(runId: string): string;
  /** @param profile the load profile: it is the execution's input as it stands. */
  start(runId: string, profile: unknown): Promise<string>;
  /** @throws ExecutionNotFoundError */
  describe(executionArn: string): Promise<Execution>;
  stop(executionArn: string, cause: string): Promise<void>;
  /** All that have not ended. Step Functions may leave out one that started within the last moments. */
  running(): Promise<readonly StartedExecution[]>;
  /** Run id of the execution that was started last; undefined where there is none. */
  latest(): Promise<string | undefined>;
}

export interface StartedExecution {
  readonly runId: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
}

/**
 * Run ids of the executions that started before this one, oldest first; of two that started in the same millisecond the
 * smaller id counts as older, so that both sides agree. One that is not listed yet is the youngest.
 */
export function olderThan(runId: string, running: readonly StartedExecution[]): string[] {
  const ordered = running.toSorted((a, b) => a.startedAt - b.startedAt || (a.runId < b.runId ? -1 : 1));
  const own = ordered.findIndex((each) => each.runId === runId);
  return ordered.slice(0, own === -1 ? undefined : own).map((each) => each.runId);
}

/** Step Functions has no execution of that name. */
export class ExecutionNotFoundError extends StampedeError {
  constructor(executionArn: string) {
    super('ExecutionNotFound', `there is no execution ${executionArn}`, {
      hint: 'check the run id, the stage and the Region',
      exitCode: 2,
    });
  }
}

export function makeExecutions(stateMachineArn: string, client: SFNClient = new SFNClient({})): Executions {
  return {
    arnOf: (runId) => `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${runId}`,
    async start(runId, profile) {
      const { executionArn } = await client.send(
        new StartExecutionCommand({ stateMachineArn, name: runId, input: JSON.stringify(profile) }),
      );
      if (executionArn === undefined)
        throw new StampedeError('NoExecution', 'Step Functions named no execution');
      return executionArn;
    },
    async describe(executionArn) {
      try {
        const { status, error, cause } = await client.send(new DescribeExecutionCommand({ executionArn }));
        return { executionArn, status: status ?? 'RUNNING', error, cause };
      } catch (stopError) {
        if (stopError instanceof ExecutionDoesNotExist) throw new ExecutionNotFoundError(executionArn);
        throw stopError;
      }
    },
    async stop(executionArn, cause) {
      await client.send(new StopExecutionCommand({ executionArn, error: 'Aborted', cause }));
    },
    async running() {
      const found: StartedExecution[] = [];
      let nextToken: string | undefined;
      do {
        const page = await client.send(
          new ListExecutionsCommand({
            stateMachineArn,
            statusFilter: 'RUNNING',
            maxResults: 1_000,
            ...(nextToken === undefined ? {} : { nextToken }),
          }),
        );
        for (const { name = '', startDate } of page.executions ?? []) {
          found.push({ runId: name, startedAt: startDate?.getTime() ?? 0 });
        }
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return found;
    },
    async latest() {
      const { executions } = await client.send(new ListExecutionsCommand({ stateMachineArn, maxResults: 1 }));
      return executions?.[0]?.name;
    },
  };
}
