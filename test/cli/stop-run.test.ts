import { describe, expect, it } from '@jest/globals';
import { type Execution, ExecutionNotFoundError, type ExecutionStatus } from '../../src/aws/executions.ts';
import { type RunPlace, stopRun } from '../../src/cli/stop-run.ts';
import { reportOf, runOf } from '../report/report-fixture.ts';

const { plan } = runOf();
const report = reportOf(runOf());
const { runId } = plan;
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
    },
    control: {
      async requestStop(id, { reason, by }) {
        toldAt = now;
        log.push(`${id}: ${reason}, by ${by ?? 'somebody'}`);
      },
    },
    record: {
      getPlan: async () => plan,
      getReport: async () => (now >= toldAt || ended !== undefined ? report : undefined),
      putReport: async () => undefined,
      async *sliceResults() {},
      async *sliceDeaths() {},
      async *arrivalWindows() {},
    },
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    say: () => undefined,
  };
  return { place, log, elapsedMs: () => now - startedAt };
}

describe('stopRun', () => {
  it('tells the run to stop, waits for its end, and has its report', async () => {
    const { place, log, elapsedMs } = makePlace({ endsAfterMs: 4_000 });
    const stopped = await stopRun(runId, place);
    expect(stopped).toMatchObject({ wasRunning: true, execution: { status: 'FAILED' }, report: { runId } });
    expect(log).toEqual([`${runId}: stopped by the user, by somebody`]);
    expect(elapsedMs()).toBeLessThan(5_000);
  });

  it('ends the execution from outside where the run does not end by itself', async () => {
    const { place, log } = makePlace();
    expect(await stopRun(runId, place)).toMatchObject({
      execution: { status: 'ABORTED' },
      report: { runId },
    });
    expect(log).toEqual([
      expect.stringContaining('stopped by the user'),
      expect.stringMatching(/^StopExecution after 6\d{4} ms$/),
    ]);
  });

  it('leaves a run alone that has ended', async () => {
    const { place, log } = makePlace({ status: 'SUCCEEDED' });
    expect(await stopRun(runId, place)).toMatchObject({ wasRunning: false, report: { runId } });
    expect(log).toEqual([]);
  });

  it('knows that a run is elsewhere, or nobody is there any more', async () => {
    const { place } = makePlace({ known: false });
    expect(await stopRun(runId, place)).toBeUndefined();
    const describe_ = async () => {
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    };
    const gone = { ...place, executions: { ...place.executions, describe: describe_ } };
    expect(await stopRun(runId, gone)).toBeUndefined();
  });
});
