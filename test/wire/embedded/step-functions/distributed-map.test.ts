import { ListExecutionsCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  client,
  close,
  describeExecution,
  historyOf,
  mapOver,
  mapRunOf,
  open,
  outcomeOf,
  run,
  start,
  task,
} from '../../../support/embedded/fixtures/state-machines.ts';
import { until } from '../../../support/until.ts';

afterEach(close);

describe('a Distributed Map', () => {
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
    const limit = 3;
    let running = 0;
    let most = 0;
    const areAsManyAsMayBe = Promise.withResolvers<void>();
    await open(mapOver({ MaxConcurrencyPath: '$.limit', ItemsPath: '$.items' }), {
      work: async () => {
        most = Math.max(most, ++running);
        if (running === limit) areAsManyAsMayBe.resolve();
        // However slow the machine is, the first ones wait for one another.
        await areAsManyAsMayBe.promise;
        running -= 1;
      },
    });
    expect((await run({ limit, items: [1, 2, 3, 4, 5, 6, 7, 8] })).status).toBe('SUCCEEDED');
    expect(most).toBe(limit);
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
    await until(() => waiting.length === 3);
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
