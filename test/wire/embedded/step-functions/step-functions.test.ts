import { readFile } from 'node:fs/promises';
import {
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterEach, describe, expect, it } from '@jest/globals';
import { arnOfFunction } from '../../../../src/embedded/gateway/arns.ts';
import { AwsError } from '../../../../src/embedded/gateway/aws-error.ts';
import {
  arnPlaceholderOf,
  putObjectResource,
  substitute,
} from '../../../../src/embedded/step-functions/state-machine-definition.ts';
import {
  client,
  close,
  describeExecution,
  historyOf,
  mapRunOf,
  open,
  outcomeOf,
  type PlainFunction,
  run,
  single,
  start,
  stepFunctions,
  task,
} from '../../../support/embedded/fixtures/state-machines.ts';

afterEach(close);

const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

describe('embedded Step Functions', () => {
  it('refuses an input that is nested too deep, and runs one at the limit', async () => {
    await open(single(task('echo', { End: true })), { echo: (input) => input });
    const startWith = (input: string) =>
      client.send(new StartExecutionCommand({ stateMachineArn: stepFunctions.stateMachineArn, input }));
    for (const levels of [1_001, 50_000])
      await expect(startWith(nested(levels))).rejects.toMatchObject({
        name: 'InvalidExecutionInput',
        message: "Invalid State Machine Execution Input: 'it is nested more than 1000 levels deep'",
        $metadata: { httpStatusCode: 400 },
      });
    const { executionArn = '' } = await startWith(nested(1_000));
    expect(await outcomeOf(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: nested(1_000) });
  });

  it('fails a task whose result is nested too deep, with a message', async () => {
    const machine = {
      StartAt: 'Deep',
      States: { Deep: task('deep', { Next: 'Done' }), Done: task('done', { End: true }) },
    };
    await open(machine, { deep: () => JSON.parse(nested(1_500)) as unknown, done: () => 1 });
    expect(await run()).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause: expect.stringContaining("'Deep' returned a result nested more than 1000 levels deep"),
    });
  });

  it('runs a task through Lambda and returns the history', async () => {
    await open(
      {
        StartAt: 'Plan',
        States: {
          Plan: task('plan', { Parameters: { 'runId.$': '$$.Execution.Name', 'x.$': '$.x' }, Next: 'Done' }),
          Done: { Type: 'Succeed' },
        },
      },
      { plan: (input) => ({ got: input }) },
    );
    const described = await run({ x: 1 });
    expect(described).toMatchObject({ status: 'SUCCEEDED', name: 'run', input: '{"x":1}' });
    expect(JSON.parse(described.output ?? '')).toEqual({ got: { runId: 'run', x: 1 } });
    expect(described.stopDate?.getTime()).toBeGreaterThanOrEqual(described.startDate?.getTime() ?? 0);
    const events = await historyOf(described.executionArn ?? '');
    expect(events.map(({ id, previousEventId, type }) => [id, previousEventId, type])).toEqual([
      [1, 0, 'ExecutionStarted'],
      [2, 1, 'TaskStateEntered'],
      [3, 2, 'LambdaFunctionScheduled'],
      [4, 3, 'LambdaFunctionStarted'],
      [5, 4, 'LambdaFunctionSucceeded'],
      [6, 5, 'TaskStateExited'],
      [7, 6, 'SucceedStateEntered'],
      [8, 7, 'SucceedStateExited'],
      [9, 8, 'ExecutionSucceeded'],
    ]);
    expect(events[1]?.stateEnteredEventDetails).toMatchObject({ name: 'Plan', input: '{"x":1}' });
  });

  it('runs the state machine that is deployed, slices as child executions', async () => {
    const calls: string[] = [];
    const functions: Record<string, PlainFunction> = {
      plan: () => ({
        runId: 'run',
        slices: [0, 1, 2],
        legs: 1,
        mqttSlices: 3,
        hosts: ['127.0.0.1'],
        drainSeconds: 0,
        sliceTimeoutSeconds: 60,
        toleratedFailurePercentage: 34,
        isWatched: false,
        watchSeconds: 5,
      }),
      'publish-mqtt': (input: { slice: number; runId: string }) => {
        calls.push(`${input.runId}/${input.slice}`);
        if (input.slice === 1) throw Object.assign(new Error('no devices'), { name: 'SliceError' });
        return { slice: input.slice };
      },
      'publish-http': () => undefined,
      subscribe: () => undefined,
      summarize: ({ runId }: { runId: string }) => ({ runId, verdict: 'failed' }),
    };
    const text = await readFile(
      new URL('../../../../statemachine/load-test.asl.json', import.meta.url),
      'utf8',
    );
    const arns = Object.keys(functions).map((key) => [arnPlaceholderOf(key), arnOfFunction(key)]);
    await open(
      substitute(text, {
        ...Object.fromEntries(arns),
        RunBucketName: 'runs',
        PutObjectResource: putObjectResource,
      }),
      functions,
    );

    const described = await run({ devices: 3 });
    expect(described).toMatchObject({
      status: 'FAILED',
      error: 'ThresholdsFailed',
      cause: expect.stringContaining('threshold'),
    });
    expect(calls.sort()).toEqual(['run/0', 'run/1', 'run/2']);
    const executionArn = described.executionArn ?? '';
    const mapRun = await mapRunOf(executionArn);
    expect(mapRun).toMatchObject({
      status: 'SUCCEEDED',
      toleratedFailurePercentage: 34,
      maxConcurrency: 10_000,
      itemCounts: { total: 3, succeeded: 2, failed: 1, pending: 0, running: 0 },
    });
    const { executions = [] } = await client.send(
      new ListExecutionsCommand({ mapRunArn: mapRun.mapRunArn, statusFilter: 'FAILED' }),
    );
    expect(await describeExecution(executions[0]?.executionArn ?? '')).toMatchObject({
      status: 'FAILED',
      error: 'SliceError',
      cause: expect.stringContaining('in the run store'),
      input:
        '{"runId":"run","mqttSlices":3,"hosts":["127.0.0.1"],"timeoutSeconds":60,"legs":1,"slice":1,"next":{"leg":0,"hasFailed":false}}',
    });
    const types = (await historyOf(executionArn)).map(({ type }) => type);
    expect(types.filter((type) => type?.startsWith('Parallel'))).toEqual([
      'ParallelStateEntered',
      'ParallelStateStarted',
      'ParallelStateSucceeded',
      'ParallelStateExited',
    ]);
    expect(types.filter((type) => type?.startsWith('Map'))).toEqual([
      'MapStateEntered',
      'MapStateStarted',
      'MapRunStarted',
      'MapRunSucceeded',
      'MapStateSucceeded',
      'MapStateExited',
    ]);
    expect(types.at(-1)).toBe('ExecutionFailed');
  });

  it('distinguishes a failed Parallel that was caught from one that succeeded', async () => {
    await open({
      StartAt: 'Both',
      States: {
        Both: {
          Type: 'Parallel',
          Branches: [
            { StartAt: 'Break', States: { Break: { Type: 'Fail', Error: 'Broken' } } },
            single({ Type: 'Pass', End: true }),
          ],
          Catch: [{ ErrorEquals: ['Broken'], Next: 'Done' }],
          End: true,
        },
        Done: { Type: 'Succeed' },
      },
    });
    const { status, executionArn = '' } = await run();
    expect(status).toBe('SUCCEEDED');
    const types = (await historyOf(executionArn)).map(({ type }) => type);
    expect(types).toContain('ParallelStateFailed');
    expect(types).not.toContain('ParallelStateSucceeded');
  });

  it('lets Retry and Catch match what Lambda refuses', async () => {
    let attempts = 0;
    await open(
      single(
        task('busy', {
          Retry: [
            {
              ErrorEquals: ['Lambda.TooManyRequestsException'],
              IntervalSeconds: 1,
              MaxDelaySeconds: 1,
              MaxAttempts: 1,
            },
          ],
          End: true,
        }),
      ),
      {
        busy: () => {
          attempts += 1;
          if (attempts === 1) throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429);
          return 'done';
        },
      },
    );
    expect(await run()).toMatchObject({ status: 'SUCCEEDED', output: '"done"' });
    expect(attempts).toBe(2);
  });

  it('fails a payload that grows beyond it between tasks', async () => {
    const text = 'x'.repeat(200_000);
    await open({
      StartAt: 'Grow',
      States: {
        Grow: { Type: 'Pass', Parameters: { 'a.$': '$', 'b.$': '$' }, Next: 'Rest' },
        Rest: { Type: 'Wait', Seconds: 60, End: true },
      },
    });
    expect(await run(text)).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });

  it('refuses starts as Step Functions does', async () => {
    await open(single({ Type: 'Wait', Seconds: 60, End: true }));
    const first = await start('same', { a: 1 });
    expect(await start('same', { a: 1 })).toBe(first);
    await expect(start('same', { a: 2 })).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
    await expect(start('not a name')).rejects.toMatchObject({ name: 'InvalidName' });
    await expect(start('large', 'x'.repeat(262_143))).rejects.toMatchObject({ name: 'ValidationException' });
    const { stateMachineArn } = stepFunctions;
    const broken = new StartExecutionCommand({ stateMachineArn, input: '{' });
    await expect(client.send(broken)).rejects.toMatchObject({ name: 'InvalidExecutionInput' });
    const elsewhere = new StartExecutionCommand({ stateMachineArn: `${stateMachineArn}x` });
    await expect(client.send(elsewhere)).rejects.toMatchObject({ name: 'StateMachineDoesNotExist' });
    await expect(describeExecution(`${first}x`)).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
  });

  it('gives a long history in pages, either way round', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `S${i}`);
    const States = Object.fromEntries(
      names.map((name, i) => [name, { Type: 'Pass', ...(i === 59 ? { End: true } : { Next: `S${i + 1}` }) }]),
    );
    await open({ StartAt: 'S0', States });
    const { executionArn } = await run();
    const first = await client.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 100 }));
    const second = await client.send(
      new GetExecutionHistoryCommand({ executionArn, maxResults: 100, nextToken: first.nextToken }),
    );
    expect([...(first.events ?? []), ...(second.events ?? [])].map(({ id }) => id)).toEqual(
      Array.from({ length: 122 }, (_, i) => i + 1),
    );
    expect(second.nextToken).toBeUndefined();
    const last = await client.send(
      new GetExecutionHistoryCommand({ executionArn, maxResults: 1, reverseOrder: true }),
    );
    expect(last.events?.[0]?.type).toBe('ExecutionSucceeded');
  });
});
