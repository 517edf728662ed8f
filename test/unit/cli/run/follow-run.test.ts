import { describe, expect, it } from '@jest/globals';
import { RunNotFoundError } from '../../../../src/aws/bucket.ts';
import type { Execution, ExecutionStatus } from '../../../../src/aws/executions.ts';
import { renderProgressFrame } from '../../../../src/cli/output/progress-frame.ts';
import { searchProgressOf } from '../../../../src/cli/output/progress-search.ts';
import { followRun, type RunWatch } from '../../../../src/cli/run/follow-run.ts';
import { noTotals, type Progress, phaseOf } from '../../../../src/cli/run/progress.ts';
import type { RunTotals } from '../../../../src/live/run-totals.ts';
import type { StoredAction } from '../../../../src/plan/actions/action.ts';
import { makePlan } from '../../../../src/plan/make-plan.ts';
import type { JudgedHold } from '../../../../src/plan/search/judged-hold.ts';
import { parseLoadProfile } from '../../../../src/profile/parse.ts';
import { samplePlan } from '../../../support/cli/sample-plan.ts';
import { capacitySearch, holdOf } from '../../../support/plan/simulated-service.ts';

const { createdAt, publishAt, drainEndAt } = samplePlan.timeline;

/** A run in virtual time: every sleep moves the clock, nothing waits. */
function makeBench(options: {
  endsAt: number;
  endsAfterStopMs?: number;
  stopAt?: number;
  /** Stored two seconds before its instant. */
  action?: StoredAction;
}) {
  let now = createdAt;
  const stop = new AbortController();
  const shown: Progress[] = [];
  const requested: { what: string; at: number }[] = [];
  let endsAt = options.endsAt;
  let stopped = false;
  const status = (): ExecutionStatus => (stopped ? 'ABORTED' : now >= endsAt ? 'SUCCEEDED' : 'RUNNING');
  const watch: RunWatch = {
    runId: samplePlan.runId,
    executionArn: 'arn',
    executions: {
      describe: async (executionArn): Promise<Execution> => ({
        executionArn,
        status: status(),
        error: undefined,
        cause: undefined,
      }),
      stop: async () => {
        requested.push({ what: 'StopExecution', at: now });
        stopped = true;
      },
    },
    control: {
      requestStop: async (_runId, { at }) => {
        requested.push({ what: 'requestStop', at });
        endsAt = Math.min(endsAt, now + (options.endsAfterStopMs ?? Number.POSITIVE_INFINITY));
      },
    },
    record: {
      getPlan: async (runId) => {
        if (now < createdAt + 1_000) throw new RunNotFoundError(runId, 'bucket');
        return samplePlan;
      },
      async *actions(_runId, from = 0) {
        const { action } = options;
        if (from === 0 && action !== undefined && now >= action.at - 2_000) yield action;
      },
      async *judgedHolds() {},
    },
    live: async () => ({
      totals: { ...noTotals, sent: now > publishAt ? Math.round((now - publishAt) * 10) : 0 },
    }),
    pollEveryMs: 250,
    stopTimeoutMs: 60_000,
    display: { show: (progress) => void shown.push(progress), say: () => undefined },
    interrupts: { stop: stop.signal },
    now: () => now,
    sleep: async (ms) => {
      now += ms;
      if (options.stopAt !== undefined && now >= options.stopAt) stop.abort();
    },
  };
  return { watch, shown, requested, now: () => now };
}

describe('followRun', () => {
  it('shows every phase, and the rates side by side, until the execution ends', async () => {
    const { watch, shown } = makeBench({ endsAt: drainEndAt + 2_000 });
    expect((await followRun(watch)).status).toBe('SUCCEEDED');
    expect([...new Set(shown.map(phaseOf))]).toEqual([
      'starting',
      'connecting',
      'publishing',
      'draining',
      'summarizing',
    ]);
    expect(shown[0]?.plan).toBeUndefined();
    const inHold = shown.find(({ now }) => now > publishAt + 30_000);
    expect(inHold?.intendedPerSecond).toBeCloseTo(20_000);
    expect(inHold?.sentPerSecond).toBeCloseTo(10_000);
  });

  it('shows the rate, and the messages of the plan, that actions have made of them', async () => {
    const at = publishAt + 20_000;
    const { watch, shown } = makeBench({
      endsAt: drainEndAt + 2_000,
      action: {
        version: 1,
        runId: samplePlan.runId,
        k: 0,
        at,
        action: { kind: 'rate', factor: 0.5 },
      },
    });
    await followRun(watch);
    const rateAt = (instant: number) => shown.find(({ now }) => now > instant)?.intendedPerSecond;
    expect(rateAt(at - 500)).toBeCloseTo(20_000);
    expect(rateAt(at + 10_000)).toBeCloseTo(10_000);
    const plans = new Set(shown.flatMap(({ plan }) => plan ?? []));
    expect(plans.size).toBe(2);
    expect(shown.at(-1)!.plan!.load.messages).toBeLessThan(samplePlan.load.messages);
  });

  it('goes on without figures that cannot be had, and says so', async () => {
    const { watch } = makeBench({ endsAt: publishAt + 1_000 });
    const said: string[] = [];
    const shown: Progress[] = [];
    const display = {
      say: (line: string) => void said.push(line),
      show: (each: Progress) => void shown.push(each),
    };
    let requested = 0;
    const live = async () => (requested++ === 0 ? { notes: ['slices: not shown (not allowed)'] } : {});
    expect((await followRun({ ...watch, display, live })).status).toBe('SUCCEEDED');
    expect(said).toEqual(['slices: not shown (not allowed)']);
    expect(shown.every(({ totals }) => totals === undefined)).toBe(true);
  });

  it.each<[string, (untilSecond: number) => Partial<RunTotals>]>([
    [
      'embedded AWS',
      (untilSecond) => ({
        complete: { ...noTotals, connects: 0, intended: 0, users: 31, untilSecond },
      }),
    ],
    ['InfluxDB', (untilSecond) => ({ users: { active: 31, untilSecond } })],
  ])(
    'sets the active users of a complete second against those that the plan has then: %s',
    async (_of, usersOf) => {
      const plan = makePlan({
        runId: 'r',
        now: createdAt,
        profile: parseLoadProfile({
          users: 0,
          thinkTime: '1s',
          stages: [
            { duration: '10s', target: 100 },
            { duration: '10s', target: 40 },
          ],
        }),
      });
      const { publishAt: from, publishEndAt } = plan.timeline;
      const { watch } = makeBench({ endsAt: publishEndAt + 4_000 });
      const shown: Progress[] = [];
      await followRun({
        ...watch,
        record: { ...watch.record, getPlan: async () => plan },
        display: { show: (each) => void shown.push(each), say: () => undefined },
        live: async () => {
          const untilSecond = Math.floor(watch.now() / 1_000) - 1;
          return { totals: { ...noTotals, ...usersOf(untilSecond) } };
        },
      });
      const usersAt = (ms: number) => shown.find(({ now }) => now >= from + ms)?.users;
      const most = 100;
      expect(usersAt(-2_000)).toEqual({ active: 31, planned: 0, most });
      // U(t) is 10 t up to 10 s, and then 100 − 6 (t − 10); the second ended one to two seconds ago.
      const rising = 10 * (Math.floor((from + 5_000) / 1_000) - 1 - from / 1_000);
      expect(usersAt(5_000)).toEqual({ active: 31, planned: Math.ceil(rising - 1e-9), most });
      expect(usersAt(publishEndAt - from + 3_000)).toEqual({ active: 31, planned: 0, most });
    },
  );

  it('says each hold of a search once, in lines of 80 columns, and what the search does now', async () => {
    const plan = { ...samplePlan, profile: { ...samplePlan.profile, search: capacitySearch } };
    const broke = [{ metric: 'end_to_end_latency', expression: 'p(99)<200', actual: 231.4 }];
    const judged = [
      holdOf({ level: 1_000 }, 'passed', 0),
      holdOf({ level: 2_000 }, 'void', 1),
      { ...holdOf({ level: 2_000, repeats: 1 }, 'failed', 2), broke },
    ];
    const stepAt = (hold: JudgedHold) => {
      const at = publishAt + 5_000 * hold.step;
      return { ...hold, at, holdFrom: at + 1_000, holdUntil: at + 4_000 };
    };
    const actions = judged.map((hold, k): StoredAction => {
      const step = stepAt(hold);
      return { version: 1, runId: plan.runId, k, at: step.at, action: { kind: 'rate', perSecond: 1 }, step };
    });
    const { watch, shown, now } = makeBench({ endsAt: publishAt + 20_000 });
    const said: string[] = [];
    await followRun({
      ...watch,
      record: {
        getPlan: async () => plan,
        async *actions(_runId, from = 0) {
          yield* actions.filter(({ at, k }) => k >= from && at <= now());
        },
        async *judgedHolds(_runId, from = 0) {
          yield* judged.slice(from).filter((hold) => stepAt(hold).holdUntil + 500 <= now());
        },
      },
      display: { ...watch.display, say: (line) => void said.push(line) },
    });
    expect(said).toEqual([
      'hold 0: 1,000/s passed; next 2,000/s',
      'hold 1: 2,000/s void; next 2,000/s again. It was late.',
      'hold 2: 2,000/s failed, end_to_end_latency p(99) 231 ms ≥ 200; next 1,414/s',
    ]);
    for (const line of said) expect(line.length).toBeLessThanOrEqual(80);
    const figuresAt = (ms: number) => searchProgressOf(shown.find((each) => each.now >= publishAt + ms)!);
    expect(figuresAt(500)).toEqual(['hold 0: 1,000/s settles for 1 s']);
    expect(figuresAt(2_000)).toEqual(['hold 0: 1,000/s for 2 s']);
    expect(figuresAt(4_000)).toEqual(['hold 0: 1,000/s is judged']);
    expect(figuresAt(11_500)).toEqual(['hold 2: 2,000/s for 3 s', '1,000/s passes']);
    expect(figuresAt(15_000)).toEqual(['1,000/s passes', '2,000/s fails']);
    for (const each of shown)
      for (const line of renderProgressFrame(each, 80)) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('asks the run to stop once and waits for it to end by itself', async () => {
    const stopAt = publishAt + 5_000;
    const bench = makeBench({ endsAt: drainEndAt, stopAt, endsAfterStopMs: 15_000 });
    expect((await followRun(bench.watch)).status).toBe('SUCCEEDED');
    expect(bench.requested).toEqual([{ what: 'requestStop', at: stopAt }]);
    expect(bench.shown.at(-1)?.stopping).toBe(true);
    expect(bench.now()).toBeLessThan(stopAt + 16_000);
  });

  it('says that a run stops which others asked to stop', async () => {
    const at = publishAt + 5_000;
    const { watch, shown } = makeBench({
      endsAt: publishAt + 9_000,
      action: {
        version: 1,
        runId: samplePlan.runId,
        k: 0,
        at,
        action: { kind: 'stop', reason: 'its search has an answer', by: 'search' },
      },
    });
    await followRun(watch);
    const phases = shown.filter(({ now }) => now > publishAt).map(phaseOf);
    expect([...new Set(phases)]).toEqual(['publishing', 'stopping']);
  });

  it('stops the execution from outside when it does not end by itself', async () => {
    const stopAt = publishAt + 5_000;
    const bench = makeBench({ endsAt: Number.POSITIVE_INFINITY, stopAt });
    expect((await followRun(bench.watch)).status).toBe('ABORTED');
    expect(bench.requested.map(({ what }) => what)).toEqual(['requestStop', 'StopExecution']);
    expect(bench.now() - stopAt).toBeLessThanOrEqual(samplePlan.profile.drainMs + 61_000);
  });
});
