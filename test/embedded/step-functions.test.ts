import { readFile } from 'node:fs/promises';
import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterEach, describe, expect, it } from '@jest/globals';
import { arnOfFunction } from '../../src/embedded/arns.ts';
import { AwsError } from '../../src/embedded/aws-error.ts';
import { type Edge, type EdgeService, renderJsonError, startEdge } from '../../src/embedded/edge.ts';
import { makeLambdaTask } from '../../src/embedded/lambda-task.ts';
import {
  arnPlaceholderOf,
  type Definition,
  substitute,
} from '../../src/embedded/state-machine-definition.ts';
import { makeStepFunctions, type StepFunctions } from '../../src/embedded/step-functions.ts';

type Function = (input: never) => unknown;

/** Lambda's Invoke at the wire, its functions plain ones of this process. */
function makeLambda(functions: Record<string, Function>): EdgeService {
  return {
    maxBodyBytes: 1_000_000,
    renderError: renderJsonError,
    async handle({ path, body }) {
      const name = decodeURIComponent(path).split('/')[3]?.split(':').at(-1) ?? '';
      const run = functions[name];
      if (run === undefined) throw new AwsError('ResourceNotFoundException', name, 404);
      try {
        return {
          status: 200,
          body: JSON.stringify((await run(JSON.parse(body.toString()) as never)) ?? null),
        };
      } catch (error) {
        if (error instanceof AwsError) throw error;
        const { name: errorType, message: errorMessage } = error as Error;
        const headers = { 'x-amz-function-error': 'Unhandled' };
        return { status: 200, headers, body: JSON.stringify({ errorType, errorMessage }) };
      }
    },
  };
}

let edge: Edge;
let stepFunctions: StepFunctions;
let client: SFNClient;

async function open(definition: Definition, functions: Record<string, Function> = {}): Promise<void> {
  stepFunctions = makeStepFunctions({
    stateMachineName: 'test',
    definition,
    invokeFunction: makeLambdaTask(() => edge.url),
  });
  edge = await startEdge({
    signed: { states: stepFunctions.api, lambda: makeLambda(functions) },
    unsigned: [],
  });
  client = new SFNClient({
    endpoint: edge.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'embedded', secretAccessKey: 'embedded' },
    maxAttempts: 1,
  });
}

afterEach(async () => {
  await stepFunctions.close();
  client.destroy();
  await edge.close();
});

const start = async (name: string, input: unknown = {}): Promise<string> => {
  const { executionArn = '' } = await client.send(
    new StartExecutionCommand({
      stateMachineArn: stepFunctions.stateMachineArn,
      name,
      input: JSON.stringify(input),
    }),
  );
  return executionArn;
};
const describeExecution = (executionArn: string) =>
  client.send(new DescribeExecutionCommand({ executionArn }));
const outcomeOf = async (executionArn: string) => {
  await Promise.all(stepFunctions.running().map((each) => each.finished));
  return describeExecution(executionArn);
};
const run = async (input: unknown = {}) => outcomeOf(await start('run', input));
const mapRunOf = async (executionArn: string) => {
  const { mapRuns = [] } = await client.send(new ListMapRunsCommand({ executionArn }));
  return client.send(new DescribeMapRunCommand({ mapRunArn: mapRuns[0]?.mapRunArn }));
};
const historyOf = async (executionArn: string) => {
  const { events = [] } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
  return events;
};

const task = (name: string, more: object = {}) => ({ Type: 'Task', Resource: arnOfFunction(name), ...more });
const single = (state: Definition['States'][string]): Definition => ({
  StartAt: 'Only',
  States: { Only: state },
});

function mapOver(state: object, processor: object = task('work', { End: true })): Definition {
  return {
    StartAt: 'FanOut',
    States: {
      FanOut: {
        Type: 'Map',
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          StartAt: 'Work',
          States: { Work: processor },
        },
        End: true,
        ...state,
      },
    },
  };
}

describe('embedded Step Functions', () => {
  it('runs a task through Lambda and tells the history', async () => {
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
    const functions: Record<string, Function> = {
      plan: () => ({
        runId: 'run',
        protocol: 'mqtt',
        slices: [0, 1, 2],
        drainSeconds: 0,
        toleratedFailurePercentage: 34,
      }),
      'publish-mqtt': (input: { slice: number; runId: string }) => {
        calls.push(`${input.runId}/${input.slice}`);
        if (input.slice === 1) throw Object.assign(new Error('no devices'), { name: 'SliceError' });
        return { slice: input.slice };
      },
      'publish-http': () => undefined,
      summarize: ({ runId }: { runId: string }) => ({ runId, verdict: 'failed' }),
    };
    const text = await readFile(new URL('../../statemachine/load-test.asl.json', import.meta.url), 'utf8');
    const arns = Object.keys(functions).map((key) => [arnPlaceholderOf(key), arnOfFunction(key)]);
    await open(substitute(text, Object.fromEntries(arns)), functions);

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
      cause: '{"errorType":"SliceError","errorMessage":"no devices"}',
      input: '{"runId":"run","protocol":"mqtt","slice":1}',
    });
    const types = (await historyOf(executionArn)).map(({ type }) => type);
    expect(types.filter((type) => type?.startsWith('Map'))).toEqual([
      'MapStateEntered',
      'MapRunStarted',
      'MapRunSucceeded',
      'MapStateExited',
    ]);
    expect(types.at(-1)).toBe('ExecutionFailed');
  });

  it('gives each item its index and value, and results in the order of the items', async () => {
    await open(
      mapOver(
        {
          ItemsPath: '$.list',
          ItemSelector: {
            'i.$': '$$.Map.Item.Index',
            'v.$': '$$.Map.Item.Value.name',
            'all.$': '$.shared',
            fixed: 7,
          },
          ResultPath: '$.results',
          MaxConcurrency: 2,
        },
        task('work', { End: true }),
      ),
      { work: async (input: { i: number }) => new Promise((done) => setTimeout(done, 5 - input.i, input)) },
    );
    const { output } = await run({ list: [{ name: 'a' }, { name: 'b' }, { name: 'c' }], shared: 's' });
    expect(JSON.parse(output ?? '').results).toEqual(
      ['a', 'b', 'c'].map((v, i) => ({ i, v, all: 's', fixed: 7 })),
    );
  });

  it('never runs more children at once than it may', async () => {
    let running = 0;
    let most = 0;
    await open(mapOver({ MaxConcurrencyPath: '$.limit', ItemsPath: '$.items' }), {
      work: async () => {
        most = Math.max(most, ++running);
        await new Promise((done) => setTimeout(done, 2));
        running -= 1;
      },
    });
    expect((await run({ limit: 3, items: [1, 2, 3, 4, 5, 6, 7, 8] })).status).toBe('SUCCEEDED');
    expect(most).toBe(3);
  });

  it('fails the map beyond the tolerated share, aborts what runs, and can be caught', async () => {
    const base = mapOver({
      ToleratedFailurePercentage: 20,
      MaxConcurrency: 4,
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
    });
    await open(
      { ...base, States: { ...base.States, Caught: { Type: 'Pass', End: true } } },
      {
        work: async (item: number) => {
          if (item < 3) throw new TypeError('bad item');
          if (item === 3) await new Promise((done) => setTimeout(done, 200));
          return item;
        },
      },
    );
    const { status, output, executionArn = '' } = await run([3, 0, 1, 2, 4, 5, 6, 7, 8, 9]);
    expect(status).toBe('SUCCEEDED');
    expect(JSON.parse(output ?? '')).toEqual({
      Error: 'States.ExceedToleratedFailureThreshold',
      Cause: 'The specified tolerated failure threshold was exceeded',
    });
    const { status: mapStatus, itemCounts } = await mapRunOf(executionArn);
    expect(mapStatus).toBe('FAILED');
    expect(itemCounts).toMatchObject({ failed: 3, running: 0, total: 10 });
    expect(itemCounts?.aborted).toBeGreaterThan(0);
    expect(itemCounts?.pending).toBeGreaterThan(0);
  });

  it.each([
    ['exactly the tolerated share', { ToleratedFailurePercentage: 50 }, 'SUCCEEDED'],
    ['no tolerance by default', {}, 'FAILED'],
    ['a tolerated count', { ToleratedFailureCount: 2 }, 'SUCCEEDED'],
    ['a count exceeded', { ToleratedFailureCount: 1 }, 'FAILED'],
    ['whichever is exceeded first', { ToleratedFailureCount: 2, ToleratedFailurePercentage: 25 }, 'FAILED'],
  ])('tolerates failures: %s', async (_what, settings, expected) => {
    await open(mapOver(settings), {
      work: (item: number) => {
        if (item < 2) throw new Error('no');
        return item;
      },
    });
    const { status, output, error } = await run([0, 1, 2, 3]);
    expect(status).toBe(expected);
    if (expected === 'SUCCEEDED') expect(JSON.parse(output ?? '')).toEqual([2, 3]);
    else expect(error).toBe('States.ExceedToleratedFailureThreshold');
  });

  it('stops a run and its children at once', async () => {
    const waiting: (() => void)[] = [];
    await open(mapOver({}), { work: () => new Promise<void>((done) => waiting.push(done)) });
    const executionArn = await start('run', [0, 1, 2]);
    while (waiting.length < 3) await new Promise((done) => setTimeout(done, 5));
    expect((await mapRunOf(executionArn)).itemCounts).toMatchObject({ running: 3 });
    await client.send(new StopExecutionCommand({ executionArn, error: 'Aborted', cause: 'enough' }));
    expect(await outcomeOf(executionArn)).toMatchObject({
      status: 'ABORTED',
      error: 'Aborted',
      cause: 'enough',
    });
    expect(await mapRunOf(executionArn)).toMatchObject({
      status: 'ABORTED',
      itemCounts: { aborted: 3, running: 0 },
    });
    expect((await historyOf(executionArn)).at(-1)).toMatchObject({
      type: 'ExecutionAborted',
      executionAbortedEventDetails: { cause: 'enough' },
    });
    for (const done of waiting) done();
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

  it('keeps every payload within 262,144 bytes, and nothing catches a larger one', async () => {
    const states = {
      ...mapOver({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }] }).States,
      Caught: { Type: 'Pass', End: true },
    };
    await open({ StartAt: 'FanOut', States: states }, { work: (item: number) => 'x'.repeat(100_000 * item) });
    const together = await run([1, 1, 1]);
    expect(together).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
    const alone = await outcomeOf(await start('alone', [3]));
    expect(JSON.parse(alone.output ?? '')).toMatchObject({ Error: 'States.ExceedToleratedFailureThreshold' });
    const failed = await client.send(
      new ListExecutionsCommand({ mapRunArn: (await mapRunOf(alone.executionArn ?? '')).mapRunArn }),
    );
    expect(await describeExecution(failed.executions?.[0]?.executionArn ?? '')).toMatchObject({
      error: 'States.DataLimitExceeded',
    });
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

  it('runs 10,000 children', async () => {
    await open(
      mapOver(
        { ItemsPath: '$.slices', ItemSelector: { 'slice.$': '$$.Map.Item.Value' }, ResultPath: null },
        { Type: 'Pass', End: true },
      ),
    );
    const { status, executionArn = '' } = await run({ slices: Array.from({ length: 10_000 }, (_, i) => i) });
    expect(status).toBe('SUCCEEDED');
    expect((await mapRunOf(executionArn)).itemCounts).toMatchObject({ succeeded: 10_000 });
  });
});

describe('definitions', () => {
  it('names the placeholder that nothing stands for', () => {
    const placeholder = '$'.concat('{NoFunctionArn}');
    expect(() => substitute(`{"a":"${placeholder}"}`, { PlanFunctionArn: 'x' })).toThrow(/NoFunctionArn/);
    expect(arnPlaceholderOf('publish-mqtt')).toBe('PublishMqttFunctionArn');
  });

  it.each([
    [
      'a resource that is no function',
      single({ Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage', End: true }),
    ],
    ['JSONata', { ...single({ Type: 'Pass', End: true }), QueryLanguage: 'JSONata' }],
    ['an item reader', mapOver({ ItemReader: {} })],
    ['a foreign context', mapOver({ ItemSelector: { 'x.$': '$$.Execution.Input' } })],
  ])('refuses %s', (_what, definition) => {
    expect(() =>
      makeStepFunctions({ stateMachineName: 'x', definition, invokeFunction: async () => '' }),
    ).toThrow(/does not support/);
  });
});
