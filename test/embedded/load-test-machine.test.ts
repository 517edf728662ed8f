import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { arnOfFunction } from '../../src/embedded/arns.ts';
import {
  arnPlaceholderOf,
  putObjectResource,
  substitute,
} from '../../src/embedded/state-machine-definition.ts';
import { watchEverySeconds } from '../../src/plan/intervals.ts';
import { close, historyOf, objects, open, type PlainFunction, run } from './fixtures/state-machines.ts';

// The state machine that is deployed, with plain functions for its Lambdas and without most of its waits.

const file = new URL('../../statemachine/load-test.asl.json', import.meta.url);
const fanOut = {
  runId: 'run',
  protocol: 'mqtt',
  slices: [0, 1],
  drainSeconds: 0,
  stopSeconds: 0,
  hosts: ['127.0.0.1'],
  toleratedFailurePercentage: 0,
  isWatched: true,
};

interface SummaryCall {
  readonly runId: string;
  readonly interim?: boolean;
  readonly fault?: string;
}

async function openMachine(functions: Record<string, PlainFunction>): Promise<void> {
  const text = (await readFile(file, 'utf8'))
    .replaceAll(/"Seconds": \d+/g, '"Seconds": 0')
    .replaceAll(/"IntervalSeconds": \d+/g, '"IntervalSeconds": 1')
    .replaceAll(/"BackoffRate": [\d.]+/g, '"BackoffRate": 1');
  const all: Record<string, PlainFunction> = {
    plan: () => fanOut,
    'publish-mqtt': ({ slice }: { slice: number }) => ({ slice }),
    'publish-http': () => undefined,
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

it('waits between two looks for as long as the plan counts on', async () => {
  const machine = JSON.parse(await readFile(file, 'utf8'));
  const [, watch] = machine.States.Run.Branches;
  expect(watch.States.UntilLook.Seconds).toBe(watchEverySeconds);
});

describe('the state machine', () => {
  afterEach(close);

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
        return { runId: call.runId, isWatched: calls.length < 3 };
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
  }, 30_000);

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

  it('tells the slices to stop once too many have failed, and reports', async () => {
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
      { runId: 'run', interim: true, fault: 'States.ExceedToleratedFailureThreshold' },
      { runId: 'run' },
    ]);
    expect(objects).toEqual([
      {
        Bucket: 'runs',
        Key: 'runs/run/deaths/1.json',
        ContentType: 'application/json',
        Body: {
          slice: 1,
          fault: { Error: 'Error', Cause: JSON.stringify({ errorType: 'Error', errorMessage: 'killed' }) },
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
