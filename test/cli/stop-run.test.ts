import { describe, expect, it } from '@jest/globals';
import { type Execution, ExecutionNotFoundError, type ExecutionStatus } from '../../src/aws/executions.ts';
import { findRunIn } from '../../src/cli/find-run.ts';
import type { RunPlace } from '../../src/cli/run-place.ts';
import { type StopWorld, stopRun } from '../../src/cli/stop-run.ts';
import { reportOf, runOf } from '../report/report-fixture.ts';

const { plan } = runOf();
const report = reportOf(runOf());
const { runId } = plan;
const kept = `kept the report of ${runId}`;
const startedAt = plan.timeline.publishAt + 3_000;

/** A place in virtual time, where the run ends so long after it is told to; never: it must be ended from outside. */
function makePlace(options: { status?: ExecutionStatus; endsAfterMs?: number; known?: boolean } = {}) {
  let now = startedAt;
  let toldAt = Number.POSITIVE_INFINITY;
  let ended: ExecutionStatus | undefined = options.status;
  const log: string[] = [];
  const place: RunPlace = {
    executions: {
      arnOf: (id) => `arn:${id}`,
      start: async () => 'never',
      async describe(executionArn): Promise<Execution> {
        if (options.known === false) throw new ExecutionNotFoundError(executionArn);
        const isOver = now >= toldAt + (options.endsAfterMs ?? Number.POSITIVE_INFINITY);
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
      async requestStop(id, { reason, by }) {
        toldAt = now;
        log.push(`${id}: ${reason}, by ${by ?? 'somebody'}`);
      },
    },
    record: {
      getPlan: async () => plan,
      getFaults: async () => undefined,
      getReport: async () => (now >= toldAt || ended !== undefined ? report : undefined),
      putReport: async () => undefined,
      async *sliceResults() {},
      async *sliceDeaths() {},
      async *arrivalWindows() {},
    },
    logs: 'logs',
    lookEveryMs: 250,
    stopPatienceMs: 60_000,
    live: async () => ({}),
    keep: async (kept) => void log.push(`kept the report of ${kept.runId}`),
  };
  const world: StopWorld = {
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    say: () => undefined,
  };
  const stop = async () => {
    const found = await findRunIn([place], runId);
    if (found === undefined) throw new Error('nobody knows it');
    return stopRun(found, world);
  };
  return { place, log, stop, elapsedMs: () => now - startedAt };
}

describe('stopRun', () => {
  it('tells the run to stop, waits for its end, and has its report', async () => {
    const { stop, log, elapsedMs } = makePlace({ endsAfterMs: 4_000 });
    const stopped = await stop();
    expect(stopped).toMatchObject({ wasRunning: true, execution: { status: 'FAILED' }, report: { runId } });
    expect(log).toEqual([`${runId}: stopped by the user, by somebody`, kept]);
    expect(elapsedMs()).toBeLessThan(5_000);
  });

  it('ends the execution from outside where the run does not end by itself', async () => {
    const { stop, log } = makePlace();
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
    const { stop, log } = makePlace({ status: 'SUCCEEDED' });
    expect(await stop()).toMatchObject({ wasRunning: false, report: { runId } });
    expect(log).toEqual([kept]);
  });
});

describe('findRunIn', () => {
  const other = makePlace({ known: false }).place;
  const gone: RunPlace = {
    ...other,
    executions: {
      ...other.executions,
      describe: async () => {
        throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      },
    },
  };

  it('passes over places that do not know the run, or where nobody is any more', async () => {
    const { place } = makePlace();
    expect(await findRunIn([gone, other, place], runId)).toMatchObject({ place });
    expect(await findRunIn([other, gone], runId)).toBeUndefined();
  });
});
