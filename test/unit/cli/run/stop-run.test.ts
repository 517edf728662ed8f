import { describe, expect, it } from '@jest/globals';
import {
  type Execution,
  ExecutionNotFoundError,
  type ExecutionStatus,
} from '../../../../src/aws/executions.ts';
import type { Backend } from '../../../../src/cli/backend/backend.ts';
import { findRunIn } from '../../../../src/cli/backend/found-run.ts';
import { type StopDeps, stopRun } from '../../../../src/cli/run/stop-run.ts';
import type { Report } from '../../../../src/report/report-model.ts';
import { resultOf } from '../../../support/measure/run-fixture.ts';
import { reportOf, runOf } from '../../../support/report/report-fixture.ts';

const { plan } = runOf();
const results = Array.from({ length: plan.slices.count }, (_, slice) => resultOf(plan, slice));
const report = reportOf(runOf());
const { runId } = plan;
const kept = `kept the report of ${runId}`;
const startedAt = plan.timeline.publishAt + 3_000;

interface BackendOptions {
  readonly status?: ExecutionStatus;
  readonly endsAfterMs?: number;
  readonly known?: boolean;
  /** Time from the stop message to the end of its slices; never: they go on to the deadline. Absent: they have ended. */
  readonly slicesEndAfterMs?: number;
  readonly stored?: Report;
}

/** A backend in virtual time, where the run ends `endsAfterMs` after the stop; absent: it must be ended from outside. */
function makeBackend(options: BackendOptions = {}) {
  let now = startedAt;
  let stopRequestedAt = Number.POSITIVE_INFINITY;
  let ended: ExecutionStatus | undefined = options.status;
  const log: string[] = [];
  const backend: Backend = {
    executions: {
      arnOf: (id) => `arn:${id}`,
      start: async () => 'never',
      async describe(executionArn): Promise<Execution> {
        if (options.known === false) throw new ExecutionNotFoundError(executionArn);
        const isOver = now >= stopRequestedAt + (options.endsAfterMs ?? Number.POSITIVE_INFINITY);
        const status = ended ?? (isOver ? 'FAILED' : 'RUNNING');
        return { executionArn, status, error: undefined, cause: undefined };
      },
      async stop() {
        log.push(`StopExecution after ${now - startedAt} ms`);
        ended = 'ABORTED';
      },
      latest: async () => runId,
    },
    control: {
      issue: async () => undefined,
      async requestStop(id, { reason, by }) {
        stopRequestedAt = now;
        log.push(`${id}: ${reason}, by ${by ?? 'a user'}`);
      },
      async clear() {
        log.push(`cleared after ${now - startedAt} ms`);
      },
    },
    record: {
      getPlan: async () => plan,
      deadLetters: async () => [],
      getFaults: async () => undefined,
      getReport: async () =>
        now >= stopRequestedAt || ended !== undefined ? (options.stored ?? report) : undefined,
      putReport: async () => undefined,
      async *sliceResults() {
        const { slicesEndAfterMs } = options;
        const areRunning = slicesEndAfterMs !== undefined && now < stopRequestedAt + slicesEndAfterMs;
        for (const result of results) yield areRunning ? { ...result, outcome: 'running' } : result;
      },
      async *sliceDeaths() {},
      async *actions() {},
      async *judgedHolds() {},
      async *subscribers() {},
      async *arrivalWindows() {},
    },
    logs: 'logs',
    pollEveryMs: 250,
    stopTimeoutMs: 60_000,
    live: async () => ({}),
    saveReport: async (saved) => void log.push(`kept the report of ${saved.runId}`),
    argumentsOf: (id) => id,
    guard: (_runId, work) => work,
    close: async () => undefined,
  };
  const deps: StopDeps = {
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    say: () => undefined,
  };
  const stop = async () => {
    const found = await findRunIn([backend], runId);
    if (found === undefined) throw new Error('no backend has this run');
    return stopRun(found, deps);
  };
  return { backend, log, stop, elapsedMs: () => now - startedAt };
}

describe('stopRun', () => {
  it('asks the run to stop, waits for its end, and has its report', async () => {
    const { stop, log, elapsedMs } = makeBackend({ endsAfterMs: 4_000 });
    const stopped = await stop();
    expect(stopped).toMatchObject({ wasRunning: true, execution: { status: 'FAILED' }, report: { runId } });
    expect(log).toEqual([`${runId}: stopped by the user, by a user`, kept]);
    expect(elapsedMs()).toBeLessThan(5_000);
  });

  it('ends the execution from outside where the run does not end by itself', async () => {
    const { stop, log } = makeBackend();
    expect(await stop()).toMatchObject({
      execution: { status: 'ABORTED' },
      report: { runId },
    });
    expect(log).toEqual([
      expect.stringContaining('stopped by the user'),
      expect.stringMatching(/^StopExecution after 6\d{4} ms$/),
      kept,
    ]);
  });

  it('leaves a run alone that has ended', async () => {
    const { stop, log } = makeBackend({ status: 'SUCCEEDED' });
    expect(await stop()).toMatchObject({ wasRunning: false, report: { runId } });
    expect(log).toEqual([kept]);
  });

  describe('on an execution that was stopped from outside', () => {
    const cutOff: Report = { ...report, execution: { status: 'ABORTED' } };

    it('stops the slices that still run, and waits for their ends', async () => {
      const { stop, log, elapsedMs } = makeBackend({
        status: 'ABORTED',
        slicesEndAfterMs: 2_000,
        stored: cutOff,
      });
      expect(await stop()).toMatchObject({ wasRunning: false, slicesWereRunning: true, report: { runId } });
      expect(log).toEqual([`${runId}: stopped by the user, by a user`, 'cleared after 2000 ms', kept]);
      expect(elapsedMs()).toBe(2_000);
    });

    it('waits until the deadline of the plan for slices that store no end', async () => {
      const { stop, log } = makeBackend({
        status: 'ABORTED',
        slicesEndAfterMs: Number.POSITIVE_INFINITY,
        stored: cutOff,
      });
      expect(await stop()).toMatchObject({ slicesWereRunning: true });
      const waitedMs = Number(/^cleared after (\d+) ms$/.exec(log[1]!)![1]);
      expect(startedAt + waitedMs).toBeGreaterThanOrEqual(plan.timeline.deadlineAt);
      expect(startedAt + waitedMs).toBeLessThan(plan.timeline.deadlineAt + 250);
    });

    it('sends nothing where all of them have stored their ends', async () => {
      const { stop, log } = makeBackend({ status: 'ABORTED', stored: cutOff });
      expect(await stop()).toMatchObject({ slicesWereRunning: false });
      expect(log).toEqual([kept]);
    });
  });
});

describe('findRunIn', () => {
  const other = makeBackend({ known: false }).backend;
  const closed: Backend = {
    ...other,
    executions: {
      ...other.executions,
      describe: async () => {
        throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      },
    },
  };

  it('skips backends without the run, and those that are closed', async () => {
    const { backend } = makeBackend();
    expect(await findRunIn([closed, other, backend], runId)).toMatchObject({ backend });
    expect(await findRunIn([other, closed], runId)).toBeUndefined();
  });
});
