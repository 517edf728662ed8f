import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { arnOfFunction } from '../../../src/embedded/gateway/arns.ts';
import {
  arnPlaceholderOf,
  putObjectResource,
  substitute,
} from '../../../src/embedded/step-functions/state-machine-definition.ts';
import { firstOddLegs } from '../../../src/plan/fan-out.ts';
import { firstSubscriberSlice } from '../../../src/plan/subscribers.ts';
import {
  close,
  historyOf,
  objects,
  open,
  type PlainFunction,
  run,
} from '../../support/embedded/fixtures/state-machines.ts';

// The state machine that is deployed, with plain functions for its Lambdas and without most of its waits.

const file = new URL('../../../statemachine/load-test.asl.json', import.meta.url);
const fanOut = {
  runId: 'run',
  mqttSlices: 2,
  slices: [0, 1],
  legs: 1,
  drainSeconds: 0,
  stopSeconds: 0,
  sliceTimeoutSeconds: 60,
  hosts: ['127.0.0.1'],
  toleratedFailurePercentage: 0,
  isWatched: true,
  watchSeconds: 0,
};

const notWatched = { plan: () => ({ ...fanOut, isWatched: false }) };

interface SummaryCall {
  readonly runId: string;
  readonly interim?: boolean;
  readonly failure?: string;
}

async function openMachine(
  functions: Record<string, PlainFunction>,
  edit = (text: string) => text,
): Promise<void> {
  const text = edit(await readFile(file, 'utf8'))
    .replaceAll(/"Seconds": \d+/g, '"Seconds": 0')
    .replaceAll(/"IntervalSeconds": \d+/g, '"IntervalSeconds": 1')
    .replaceAll(/"BackoffRate": [\d.]+/g, '"BackoffRate": 1');
  const all: Record<string, PlainFunction> = {
    plan: () => fanOut,
    'publish-mqtt': ({ slice }: { slice: number }) => ({ slice }),
    'publish-http': () => undefined,
    subscribe: () => undefined,
    summarize: ({ runId }: SummaryCall) => ({ runId, verdict: 'passed' }),
    ...functions,
  };
  const arns = Object.keys(all).map((key) => [arnPlaceholderOf(key), arnOfFunction(key)]);
  await open(
    substitute(text, {
      ...Object.fromEntries(arns),
      RunBucketName: 'runs',
      PutObjectResource: putObjectResource,
    }),
    all,
  );
}

/** States entered in the execution itself, in order. */
async function statesOf(executionArn: string | undefined): Promise<string[]> {
  const events = await historyOf(executionArn ?? '');
  return events.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []);
}

interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds: number;
  readonly MaxAttempts: number;
  readonly BackoffRate: number;
  readonly MaxDelaySeconds?: number;
  readonly JitterStrategy?: string;
}

/** By state: its retriers, those of nested states too. */
function retriersOf(part: unknown, name = ''): { readonly state: string; readonly retrier: Retrier }[] {
  if (typeof part !== 'object' || part === null) return [];
  const { Retry = [] } = part as { Retry?: Retrier[] };
  return [
    ...Retry.map((retrier) => ({ state: name, retrier })),
    ...Object.entries(part).flatMap(([key, value]) => retriersOf(value, key)),
  ];
}

/** Seconds between the first attempt and the last one, on average: full jitter waits half of the delay. */
function forgivenSeconds({ IntervalSeconds, MaxAttempts, BackoffRate, MaxDelaySeconds }: Retrier): number {
  const delays = Array.from({ length: MaxAttempts }, (_, n) =>
    Math.min(IntervalSeconds * BackoffRate ** n, MaxDelaySeconds ?? Number.POSITIVE_INFINITY),
  );
  return delays.reduce((sum, delay) => sum + delay / 2, 0);
}

it('chooses the function that subscribes by the number that the plan gives its slices', async () => {
  const machine = JSON.parse(await readFile(file, 'utf8'));
  const { ByProtocol } = machine.States.Run.Branches[0].States.FanOut.ItemProcessor.States;
  const from = (number: number, Next: string) => ({
    Variable: '$.slice',
    NumericGreaterThanEquals: number,
    Next,
  });
  expect(ByProtocol.Choices.slice(0, 2)).toEqual([
    from(firstOddLegs, 'OddLegs'),
    from(firstSubscriberSlice, 'Subscribe'),
  ]);
});

it('records what any slice died of, from where the record reads it', async () => {
  const machine = JSON.parse(await readFile(file, 'utf8'));
  const { States } = machine.States.Run.Branches[0].States.FanOut.ItemProcessor;
  const caught = ['PublishMqtt', 'PublishLeg', 'PublishHttp', 'Subscribe'].map((name) => States[name].Catch);
  const toRecord = { ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'RecordFailure' };
  expect(caught).toEqual(Array(4).fill([toRecord]));
  expect(States.RecordFailure.Parameters.Body['failure.$']).toBe(toRecord.ResultPath);
});

it('forgives a throttled invocation for about a minute and more, with jitter', async () => {
  const throttled = retriersOf(JSON.parse(await readFile(file, 'utf8'))).filter(({ retrier }) =>
    retrier.ErrorEquals.includes('Lambda.TooManyRequestsException'),
  );
  expect(throttled.map(({ retrier }) => retrier.JitterStrategy)).toEqual(Array(6).fill('FULL'));
  expect(
    throttled.map(({ state, retrier }) => [state, retrier.MaxAttempts, Math.round(forgivenSeconds(retrier))]),
  ).toEqual([
    ['Plan', 12, 56],
    ['PublishLeg', 20, 94],
    ['PublishMqtt', 20, 94],
    ['PublishHttp', 20, 94],
    ['Subscribe', 20, 94],
    ['Summarize', 20, 255],
  ]);
});

describe('the state machine', () => {
  afterEach(close);

  /** Plan and summarize, whose processes are killed at their first call. */
  const killedOnce = () => {
    const calls: string[] = [];
    const killFirst = (name: string, answer: unknown) => () => {
      calls.push(name);
      if (calls.filter((call) => call === name).length > 1) return answer;
      throw Object.assign(new Error('Runtime exited'), { name: 'Runtime.ExitError' });
    };
    const plan = killFirst('plan', { ...fanOut, isWatched: false });
    const summarize = killFirst('summarize', { runId: 'run', verdict: 'passed' });
    return { calls, plan, summarize };
  };

  it('plans and summarizes again where the process was killed', async () => {
    const { calls, ...functions } = killedOnce();
    await openMachine(functions);
    expect(await run()).toMatchObject({ status: 'SUCCEEDED' });
    expect(calls).toEqual(['plan', 'plan', 'summarize', 'summarize']);
  });

  it.each(['plan', 'summarize'] as const)('would fail by a killed %s without that retry', async (name) => {
    const { calls, ...functions } = killedOnce();
    const withoutRetry = (text: string) => text.replace(/,\s*"Runtime\.ExitError"/g, '');
    await openMachine({ [name]: functions[name], ...(name === 'summarize' && notWatched) }, withoutRetry);
    expect(await run()).toMatchObject({ status: 'FAILED', error: 'Runtime.ExitError' });
    expect(calls).toEqual([name]);
  });

  it('looks at a watched run until there is nothing to look at any more', async () => {
    const calls: SummaryCall[] = [];
    const { promise: published, resolve: end } = Promise.withResolvers<void>();
    await openMachine({
      'publish-mqtt': async ({ slice }: { slice: number }) => {
        await published;
        return { slice };
      },
      summarize: (call: SummaryCall) => {
        calls.push(call);
        if (call.interim !== true) return { runId: call.runId, verdict: 'passed' };
        if (calls.length === 3) end();
        return { runId: call.runId, isWatched: calls.length < 3, watchSeconds: 0 };
      },
    });
    expect(await run()).toMatchObject({ status: 'SUCCEEDED' });
    expect(calls).toEqual([
      { runId: 'run', interim: true },
      { runId: 'run', interim: true },
      { runId: 'run', interim: true },
      { runId: 'run' },
    ]);
  });

  it('looks at no other run', async () => {
    const calls: SummaryCall[] = [];
    await openMachine({
      plan: () => ({ ...fanOut, isWatched: false }),
      summarize: (call: SummaryCall) => {
        calls.push(call);
        return { runId: call.runId, verdict: 'passed' };
      },
    });
    const { executionArn, status } = await run();
    expect(status).toBe('SUCCEEDED');
    expect(calls).toEqual([{ runId: 'run' }]);
    // As many as the forecast counts, besides three for each slice.
    expect(await statesOf(executionArn)).toHaveLength(9);
  });

  it('lets a run go on that can no longer be looked at', async () => {
    const calls: SummaryCall[] = [];
    await openMachine({
      summarize: (call: SummaryCall) => {
        calls.push(call);
        if (call.interim === true) throw new Error('no such bucket');
        return { runId: call.runId, verdict: 'passed' };
      },
    });
    expect(await run()).toMatchObject({ status: 'SUCCEEDED' });
    expect(calls.filter(({ interim }) => interim)).toHaveLength(4);
  });

  it('ends well where the result is inconclusive, and says so in its output', async () => {
    await openMachine({
      plan: () => ({ ...fanOut, isWatched: false }),
      'publish-mqtt': ({ slice }: { slice: number }) => ({ slice }),
      summarize: ({ runId }: SummaryCall) => ({ runId, verdict: 'inconclusive' }),
    });
    const execution = await run();
    expect(execution).toMatchObject({ status: 'SUCCEEDED' });
    expect(JSON.parse(execution.output ?? '')).toMatchObject({ verdict: 'inconclusive' });
  });

  it('asks the slices to stop once too many have failed, and reports', async () => {
    const calls: SummaryCall[] = [];
    await openMachine({
      plan: () => ({ ...fanOut, isWatched: false }),
      'publish-mqtt': ({ slice }: { slice: number }) => {
        if (slice === 1) throw new Error('killed');
        return { slice };
      },
      summarize: (call: SummaryCall) => {
        calls.push(call);
        return call.interim === true ? { isWatched: false } : { runId: call.runId, verdict: 'failed' };
      },
    });
    expect(await run()).toMatchObject({ status: 'FAILED', error: 'ThresholdsFailed' });
    expect(calls).toEqual([
      { runId: 'run', interim: true, failure: 'States.ExceedToleratedFailureThreshold' },
      { runId: 'run' },
    ]);
    expect(objects).toEqual([
      {
        Bucket: 'runs',
        Key: 'runs/run/deaths/1/0.json',
        ContentType: 'application/json',
        Body: {
          slice: 1,
          leg: 0,
          failure: { Error: 'Error', Cause: JSON.stringify({ errorType: 'Error', errorMessage: 'killed' }) },
          executionArn: expect.stringContaining(':execution:test/FanOut:'),
        },
      },
    ]);
  });

  it('names a refusal by preflight as such', async () => {
    const calls: SummaryCall[] = [];
    await openMachine({
      plan: () => {
        throw Object.assign(new Error('Preflight refuses this run'), { name: 'RefusedByPreflight' });
      },
      summarize: (call: SummaryCall) => void calls.push(call),
    });
    expect(await run()).toMatchObject({ status: 'FAILED', error: 'RefusedByPreflight' });
    expect(calls).toEqual([]);
  });
});
