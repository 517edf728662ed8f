import { describe, expect, it } from '@jest/globals';
import type { Execution } from '../../../../src/aws/executions.ts';
import type { Backend } from '../../../../src/cli/backend/backend.ts';
import { RegionNotStartedError, uniteBackends } from '../../../../src/cli/backend/regions-backend.ts';
import type { StoredAction } from '../../../../src/plan/actions/action.ts';
import { planOf, windowOf } from '../../../support/measure/run-fixture.ts';

const plan = planOf({ regions: { 'eu-west-1': 0.5, 'us-east-1': 0.5 } });
const names = plan.regions!.map(({ name }) => name);

interface Part {
  readonly execution?: Partial<Execution>;
  readonly fails?: boolean;
  readonly actions?: readonly StoredAction[];
}

/** The part of a run in one Region, kept in memory; what was done to it is in `done`. */
function partOf(name: string, { execution, fails, actions = [] }: Part, done: string[]): Backend {
  const own = { ...plan, region: name };
  const record: Partial<Backend['record']> = {
    getPlan: async () => own,
    async *actions() {
      yield* actions;
    },
    async *arrivalWindows(_runId, known) {
      if (known.has('a')) return;
      known.add('a');
      yield { ...windowOf(own, [[0, 1]]), window: 'a' };
    },
  };
  const part: Partial<Backend> = {
    pollEveryMs: 1,
    stopTimeoutMs: 1,
    logs: name,
    record: record as Backend['record'],
    executions: {
      arnOf: (runId) => `${name}:${runId}`,
      async start(_runId, input) {
        if (fails === true) throw new Error('no such state machine');
        done.push(`start ${(input as { plan: { region: string } }).plan.region}`);
        return name;
      },
      describe: async (executionArn) => ({
        executionArn,
        status: 'RUNNING',
        error: undefined,
        cause: undefined,
        ...execution,
      }),
      async stop() {
        done.push(`stop ${name}`);
      },
      latest: async () => 'r',
    },
    control: {
      issue: async (_runId, ...issued) => void done.push(`issue ${name} ${issued[0]?.at}`),
      requestStop: async (_runId, { at }) => void done.push(`request stop ${name} ${typeof at}`),
      clear: async () => undefined,
    },
  };
  return part as Backend;
}

function unite(parts: readonly Part[]) {
  const done: string[] = [];
  const backend = uniteBackends(
    names.map((name, i) => ({ name, backend: partOf(name, parts[i]!, done) })),
    {
      plan: () => plan,
      store: {
        getReport: async () => undefined,
        putReport: async () => undefined,
        putPlan: async () => undefined,
      },
      argumentsOf: (runId) => runId,
    },
  );
  return { backend, done };
}

const actionOf = (k: number, at: number): StoredAction => ({
  version: 1,
  runId: 'r',
  k,
  at,
  action: { kind: 'rate', factor: 2 },
});

describe('a run in several Regions', () => {
  it('starts in each with its own copy of one plan', async () => {
    const { backend, done } = unite([{}, {}]);
    await backend.executions.start('r', {});
    expect(done.toSorted()).toEqual(names.map((name) => `start ${name}`));
  });

  it('stops what has started where one Region does not start', async () => {
    const { backend, done } = unite([{}, { fails: true }]);
    await expect(backend.executions.start('r', {})).rejects.toThrow(RegionNotStartedError);
    expect(done).toContain('stop eu-west-1');
  });

  it('stops the others once where the plan is refused in one, and is refused itself', async () => {
    const { backend, done } = unite([{}, { execution: { status: 'FAILED', error: 'RefusedByPreflight' } }]);
    expect(await backend.executions.describe('r')).toMatchObject({ status: 'RUNNING' });
    await backend.executions.describe('r');
    expect(done).toEqual(['request stop eu-west-1 number', 'stop eu-west-1']);
    const ended = unite([
      { execution: { status: 'ABORTED' } },
      { execution: { status: 'FAILED', error: 'RefusedByPreflight' } },
    ]);
    expect(await ended.backend.executions.describe('r')).toMatchObject({ error: 'RefusedByPreflight' });
  });

  it('goes on in one Region while a threshold has failed in another', async () => {
    const { backend, done } = unite([{}, { execution: { status: 'FAILED', error: 'ThresholdsFailed' } }]);
    expect(await backend.executions.describe('r')).toMatchObject({ status: 'RUNNING' });
    expect(done).toEqual([]);
  });

  it('gets actions and stops in all, at one instant', async () => {
    const { backend, done } = unite([{}, {}]);
    await backend.control.issue('r', { at: 7, action: { kind: 'rate', factor: 2 } });
    expect(done).toEqual(names.map((name) => `issue ${name} 7`));
  });

  it('has each action once, each window of each Region, and the plan of all', async () => {
    const { backend } = unite([
      { actions: [actionOf(0, 5), actionOf(1, 9)] },
      { actions: [actionOf(0, 5), actionOf(1, 9), actionOf(2, 11)] },
    ]);
    const found: number[] = [];
    for await (const { at } of backend.record.actions('r')) found.push(at);
    expect(found).toEqual([5, 9, 11]);
    const known = new Set<string>();
    const windows: string[] = [];
    for (let look = 0; look < 2; look++)
      for await (const { window } of backend.record.arrivalWindows('r', known)) windows.push(window);
    expect(windows).toEqual(names.map((name) => `${name}.a`));
    expect(await backend.record.getPlan('r')).toEqual(plan);
  });
});
