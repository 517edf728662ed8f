import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { arnOfFunction } from '../../../src/embedded/gateway/arns.ts';
import {
  arnPlaceholderOf,
  putObjectResource,
  substitute,
} from '../../../src/embedded/step-functions/state-machine-definition.ts';
import { firstOddLegs } from '../../../src/plan/fan-out.ts';
import type { SliceAnswer, SliceRequest } from '../../../src/worker/publish-slice.ts';
import { close, objects, open, run } from '../../support/embedded/fixtures/state-machines.ts';

// The children of the deployed state machine that run the legs of a slice, with plain functions for its Lambdas.

const file = new URL('../../../statemachine/load-test.asl.json', import.meta.url);

type Publish = (request: SliceRequest) => SliceAnswer;

/**
 * Five legs of slice 3: its child for the even ones, and that for the odd ones.
 * @param toleratedFailurePercentage of the children; the plan of one slice that may fail has 25
 */
async function runLegs(
  publish: Publish,
  toleratedFailurePercentage = 5,
): Promise<Awaited<ReturnType<typeof run>>> {
  const text = (await readFile(file, 'utf8')).replaceAll(/"Seconds": \d+/g, '"Seconds": 0');
  const functions = {
    plan: () => ({
      runId: 'run',
      mqttSlices: 4,
      slices: [3, firstOddLegs + 3],
      legs: 5,
      drainSeconds: 0,
      stopSeconds: 0,
      sliceTimeoutSeconds: 60,
      hosts: ['127.0.0.1'],
      toleratedFailurePercentage,
      isWatched: false,
      watchSeconds: 0,
    }),
    'publish-mqtt': publish,
    'publish-http': () => undefined,
    subscribe: () => undefined,
    summarize: ({ runId }: { runId: string }) => ({ runId, verdict: 'passed' }),
  };
  const arns = Object.keys(functions).map((key) => [arnPlaceholderOf(key), arnOfFunction(key)]);
  const values = { ...Object.fromEntries(arns), RunBucketName: 'runs', PutObjectResource: putObjectResource };
  await open(substitute(text, values), functions);
  return run();
}

const soon = () => new Date(Date.now() + 50).toISOString();

/** A function whose legs take no time. */
const next = ({ slice, leg = 0 }: SliceRequest): SliceAnswer =>
  leg + 2 < 5 ? { slice, leg: leg + 2, at: soon(), hasFailed: false } : { slice };

describe('the children of a slice with several legs', () => {
  afterEach(close);

  it('call each leg once its time has come', async () => {
    const calls: SliceRequest[] = [];
    const early = new Set<number>();
    const ended = await runLegs((request) => {
      const { slice, leg = 0 } = request;
      if (leg > 0 && !early.has(leg)) {
        early.add(leg);
        return { slice, leg, at: soon(), hasFailed: request.hasFailed === true };
      }
      calls.push(request);
      return next(request);
    });
    expect(ended).toMatchObject({ status: 'SUCCEEDED' });
    expect(calls.map(({ leg }) => leg).toSorted()).toEqual([0, 1, 2, 3, 4]);
    expect(calls.find(({ leg }) => leg === 3)).toMatchObject({
      runId: 'run',
      slice: 3,
      leg: 3,
      hasFailed: false,
      hosts: ['127.0.0.1'],
    });
    expect(objects).toEqual([]);
  });

  it('go on after a leg that died, and record what it died of', async () => {
    const calls: number[] = [];
    const ended = await runLegs((request) => {
      const { leg = 0 } = request;
      calls.push(leg);
      if (leg === 2) throw new Error('killed');
      return next(request);
    });
    expect(ended).toMatchObject({ status: 'SUCCEEDED' });
    expect(calls.toSorted()).toEqual([0, 1, 2, 3, 4]);
    expect(objects).toMatchObject([{ Key: 'runs/run/deaths/3/2.json', Body: { slice: 3, leg: 2 } }]);
  });

  it('end where two of their legs die in a row, called too early in between', async () => {
    const calls: number[] = [];
    const early = new Set<number>();
    await runLegs((request) => {
      const { slice, leg = 0 } = request;
      if (leg % 2 === 1) return { slice };
      if (leg > 0 && !early.has(leg)) {
        early.add(leg);
        return { slice, leg, at: soon(), hasFailed: request.hasFailed === true };
      }
      calls.push(leg);
      throw new Error('killed');
    });
    expect(calls).toEqual([0, 2]);
    expect(objects).toMatchObject([{ Key: 'runs/run/deaths/3/0.json' }, { Key: 'runs/run/deaths/3/2.json' }]);
  });

  it.each([5, 25])(
    'do not wait for legs of a run that was stopped, with %s %% tolerated',
    async (tolerated) => {
      const calls: number[] = [];
      const ended = await runLegs(({ slice, leg = 0 }) => {
        calls.push(leg);
        const later = new Date(Date.now() + 3_600_000).toISOString();
        return leg === 0 ? { slice, isStopped: true } : { slice, leg, at: later, hasFailed: false };
      }, tolerated);
      expect(ended).toMatchObject({ status: 'SUCCEEDED' });
      expect(calls).toHaveLength(2);
    },
  );
});
