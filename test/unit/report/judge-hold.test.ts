import { describe, expect, it } from '@jest/globals';
import { latencyBucketOf } from '../../../src/measure/latency-buckets.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import { MessageSets } from '../../../src/measure/message-sets.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import type { DeadLetters } from '../../../src/measure/unread-backlog.ts';
import { withActions } from '../../../src/plan/actions/with-actions.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import type { JudgedHold, SearchStep } from '../../../src/plan/search/judged-hold.ts';
import type { Thresholds } from '../../../src/profile/load-profile.ts';
import type { CloudWatchView } from '../../../src/report/explanation.ts';
import { isHoldComplete, judgeHold } from '../../../src/report/judge-hold.ts';
import { makeTestPlan, type RunOptions } from '../../support/device/make-run.ts';
import { planOf as fixturePlan } from '../../support/measure/run-fixture.ts';
import { withSearch } from '../../support/search/search-plan.ts';
import { runSearched, type SearchedRun, stepOf } from '../../support/search/searched-run.ts';

function thresholdsOf(texts: Readonly<Record<string, string>>): Thresholds {
  return Object.fromEntries(
    Object.entries(texts).map(([metric, expression]) => [
      metric,
      [{ expression, abortOnFail: false, delayAbortEvalMs: 0 }],
    ]),
  );
}

const unlessSaid = { lost_messages: 'count==0', dropped_messages: 'count==0' };

/** Two slices, 60 messages a second for 6 s. */
function planOf(thresholds: Readonly<Record<string, string>> = unlessSaid, options: RunOptions = {}): Plan {
  const plan = withSearch(makeTestPlan({ devices: 6, slices: 2, ratePerSecond: 60, seconds: 6, ...options }));
  return { ...plan, profile: { ...plan.profile, thresholds: thresholdsOf(thresholds) } };
}

interface JudgeOptions {
  readonly results?: readonly SliceResult[];
  readonly cloudwatch?: CloudWatchView;
  readonly now?: number;
  readonly goesOn?: boolean;
  readonly unread?: number;
  readonly deadLetters?: readonly DeadLetters[];
  readonly plan?: Plan;
}

function judged(run: SearchedRun, step: SearchStep, options: JudgeOptions = {}): JudgedHold {
  const { results = run.results, plan = run.plan, unread = 0, deadLetters = [] } = options;
  const ledger = makeLedger(plan, { steps: [step] });
  for (const result of results) ledger.addSlice(result);
  for (const window of run.windows) ledger.addWindow(window);
  return judgeHold({
    plan,
    ledger,
    step,
    cloudwatch: options.cloudwatch ?? { sums: {}, requested: [] },
    backlog: { unread, deadLetters, unseen: 0, unseenBecause: [] },
    goesOn: options.goesOn ?? false,
    now: options.now ?? step.holdUntil + 5_000,
  });
}

/** As if the process had had no CPU to spare in the seconds of a hold. */
function strained(results: readonly SliceResult[], { holdFrom, holdUntil }: SearchStep): SliceResult[] {
  const seconds = Array.from({ length: (holdUntil - holdFrom) / 1_000 }, (_, i) => holdFrom / 1_000 + i);
  const cpuShare = Object.fromEntries(seconds.map((second) => [second, 0.98]));
  return results.map((result) => ({ ...result, holds: { ...result.holds!, cpuShare } }));
}

/** As if what was due in a hold had been sent 40 ms late. */
function lateBy(
  { holds }: SliceResult,
  { holdFrom, holdUntil }: SearchStep,
): NonNullable<SliceResult['holds']> {
  const late = Object.fromEntries(
    Array.from({ length: (holdUntil - holdFrom) / 1_000 }, (_, i) => [
      holdFrom / 1_000 + i,
      [latencyBucketOf(40), 30],
    ]),
  );
  const streams = holds!.streams.map((stream) => ({
    ...stream,
    latencies: { ...stream.latencies, send_lag: late },
  }));
  return { ...holds!, streams, connectedSendLag: late };
}

describe('judgeHold', () => {
  it('passes a hold whose messages all arrived in time, with its figures', async () => {
    const run = await runSearched(planOf({ ...unlessSaid, end_to_end_latency: 'p(99)<30' }));
    const step = stepOf(run.plan, 1, 4, 3, 60);
    expect(judged(run, step)).toMatchObject({
      ...step,
      outcome: 'passed',
      broke: [],
      figures: {
        intended: 180,
        sent: 180,
        acked: 180,
        dropped: 0,
        received: 180,
        lost: 0,
        notYetAccounted: 0,
        perSecond: 60,
        sentPerSecond: 60,
        latencyMs: { end_to_end_latency: { count: 180 }, puback_round_trip: { count: 180 } },
      },
    });
  });

  it('fails a hold alone whose messages broke a threshold, with the value', async () => {
    const slowFrom = 3_000;
    const plan = planOf({ end_to_end_latency: 'p(99)<100' });
    const { publishAt } = plan.timeline;
    const run = await runSearched(plan, {}, ({ at }) => (at >= publishAt + slowFrom ? 400 : 20));
    expect(judged(run, stepOf(plan, 0, 3)).outcome).toBe('passed');
    const { outcome, broke } = judged(run, stepOf(plan, 3, 5));
    expect(outcome).toBe('failed');
    expect(broke).toMatchObject([{ metric: 'end_to_end_latency', expression: 'p(99)<100' }]);
    expect(Math.abs(broke[0]!.actual! / 400 - 1)).toBeLessThan(0.02);
  });

  it('judges a group and a kind of message by what is theirs in the hold', async () => {
    const grouped = fixturePlan({
      devices: undefined,
      stages: undefined,
      duration: '6s',
      groups: {
        meters: { devices: 6, ratePerSecond: 30, messages: { reading: {}, alarm: {} } },
        trackers: { devices: 4, ratePerSecond: 12 },
      },
    });
    const thresholds = {
      'lost_messages{group:trackers}': 'count==0',
      'end_to_end_latency{kind:alarm}': 'p(99)<100',
      'lost_messages{group:meters,kind:reading}': 'count<10',
      throughput: 'rate>41',
    };
    const plan = withSearch({
      ...grouped,
      profile: { ...grouped.profile, thresholds: thresholdsOf(thresholds) },
    });
    const run = await runSearched(plan, {}, ({ stream, n }) =>
      stream === 1 && n % 10 === 0 ? undefined : stream === 2 ? 200 : 20,
    );
    const { outcome, broke, figures } = judged(run, stepOf(plan, 1, 5));
    expect(outcome).toBe('failed');
    expect(broke.map(({ metric }) => metric)).toEqual(['end_to_end_latency{kind:alarm}']);
    expect(figures).toMatchObject({ intended: 168, lost: 6, received: 162 });
  });

  it('lets no percentile profit from messages that have not arrived', async () => {
    const plan = planOf({ end_to_end_latency: 'p(99)<500' });
    const step = stepOf(plan, 1, 5);
    const lostOf = (every: number) => runSearched(plan, {}, ({ n }) => (n % every === 0 ? undefined : 20));
    const [some, few] = [await lostOf(20), await lostOf(130)];
    // 5 % are missing: the 99th percentile is that of a message that was waited for, twice the ack timeout, in vain.
    expect(judged(some, step)).toMatchObject({
      outcome: 'failed',
      broke: [{ actual: 2_000 }],
      figures: { latencyMs: { end_to_end_latency: { count: 240, p99: 2_000 } } },
    });
    expect(judged(few, step).outcome).toBe('passed');
    // After 200 ms nothing says yet that they are too late.
    const early = judged(some, step, { now: step.holdUntil + 200, goesOn: true });
    expect(early).toMatchObject({ outcome: 'void', voidBecause: [{ kind: 'no-data' }] });
    expect(early.voidBecause![0]!.sentence).toMatch(/not known well enough: it is 200 or more/);
  });

  it('is the same whenever it is made', async () => {
    const plan = planOf({ end_to_end_latency: 'p(99)<500', lost_messages: 'count==0' });
    const step = stepOf(plan, 1, 5);
    const lossy = await runSearched(plan, {}, ({ n }) => (n % 20 === 0 ? undefined : 20));
    const refusing = await runSearched(
      plan,
      { behaviour: { publish: (_device, n) => (n % 20 === 0 ? 'throttled' : 5) } },
      ({ n }) => (n % 20 === 0 ? undefined : 20),
    );
    const at = (run: SearchedRun, afterMs: number, goesOn = false) =>
      judged(run, step, { now: step.holdUntil + afterMs, goesOn });
    const lost = at(lossy, 2_000, true);
    expect(lost).toMatchObject({ outcome: 'failed', figures: { lost: 12 } });
    expect([at(lossy, 5_000), at(lossy, 3_600_000)]).toEqual([lost, lost]);
    // Nothing of it can still arrive: the search judges it at once.
    const refused = at(refusing, 600, true);
    expect(refused).toMatchObject({ outcome: 'failed', figures: { throttled: 12 } });
    expect([at(refusing, 2_000), at(refusing, 3_600_000)]).toEqual([refused, refused]);
  });

  it('counts what was given up apart from what is lost', async () => {
    const plan = planOf({ end_to_end_latency: 'p(99)<500', lost_messages: 'count==0' });
    const run = await runSearched(plan, {}, ({ n }) => (n % 20 === 0 ? undefined : 20));
    const step = stepOf(plan, 1, 5);
    const messages = new MessageSets();
    for (const { slice, stream, n, arrivedAt } of run.messages)
      if (arrivedAt === undefined) messages.add({ slice, stream }, n);
    const deadLetters = [{ reason: 'dead-letter queue', messages }];
    expect(judged(run, step)).toMatchObject({ outcome: 'failed', figures: { lost: 12 } });
    const hold = judged(run, step, { deadLetters });
    expect(hold).toMatchObject({ outcome: 'passed', figures: { lost: 0, deadLettered: 12, received: 228 } });
    expect(hold.figures.latencyMs.end_to_end_latency).toMatchObject({ count: 228 });
  });

  it('does not call lost what a queue of ours may hold', async () => {
    const plan = planOf({ lost_messages: 'count==0' });
    const run = await runSearched(plan, {}, ({ n }) => (n % 20 === 0 ? undefined : 20));
    const step = stepOf(plan, 1, 5);
    expect(judged(run, step)).toMatchObject({ outcome: 'failed', figures: { lost: 12, notYetAccounted: 0 } });
    expect(judged(run, step, { unread: 40 })).toMatchObject({
      outcome: 'passed',
      figures: { lost: 0, notYetAccounted: 12 },
    });
  });

  it('names the quota that refused messages, by CloudWatch or by their answers', async () => {
    const plan = planOf({ throttled_messages: 'rate<0.01' });
    const step = stepOf(plan, 1, 4);
    // MQTT has no answer for a publish that is refused; CloudWatch counts whole minutes.
    const silent = await runSearched(
      plan,
      { behaviour: { publish: (_device, n) => (n % 10 === 0 ? undefined : 5) } },
      ({ n }) => (n % 10 === 0 ? undefined : 20),
    );
    const cloudwatch = { sums: { 'PublishIn.Throttle': 900 }, requested: ['PublishIn.Throttle'] };
    const byCloudWatch = judged(silent, step, { cloudwatch });
    expect(byCloudWatch).toMatchObject({
      outcome: 'failed',
      broke: [{ metric: 'throttled_messages', quota: 'publishInPerSecond' }],
      figures: { throttledBy: 'publishInPerSecond' },
    });
    expect(byCloudWatch.figures.throttled).toBe(byCloudWatch.figures.intended - byCloudWatch.figures.acked);
    const answered = await runSearched(plan, {
      behaviour: { publish: (_device, n) => (n % 10 === 0 ? 'throttled' : 5) },
    });
    expect(judged(answered, step).figures).toMatchObject({ throttledBy: 'publishInPerSecond' });
    const fine = await runSearched(plan);
    expect(judged(fine, step, { cloudwatch }).figures.throttledBy).toBeUndefined();
  });

  it('is void where the generator was late and busy', async () => {
    const plan = planOf({ end_to_end_latency: 'p(99)<500' });
    const run = await runSearched(plan, {
      readyAfterMs: plan.timeline.publishAt - plan.timeline.createdAt + 2_900,
    });
    const step = stepOf(plan, 1, 3);
    const outcome = judged(run, step, { results: strained(run.results, step) });
    expect(outcome).toMatchObject({
      outcome: 'void',
      broke: [],
      voidBecause: [{ kind: 'generator' }, { kind: 'dropped' }],
    });
    expect(outcome.voidBecause![0]!.sentence).toMatch(
      /^The generator was the bottleneck \(a slice took 98 % of a vCPU\)/,
    );
    // A later hold of the same run, in which it was on time.
    expect(judged(run, stepOf(plan, 4, 6)).outcome).toBe('passed');
  });

  it('passes with a strained generator that sent what it was to send, and fails by a quota without bursts', async () => {
    const plan = planOf({ end_to_end_latency: 'p(99)<900', throttled_messages: 'rate<0.01' });
    const step = stepOf(plan, 1, 4);
    const late = await runSearched(plan);
    const [first] = late.results.map((result) => ({ ...result, holds: lateBy(result, step) }));
    const results = strained([first!, ...late.results.slice(1)], step);
    expect(judged(late, step, { results }).outcome).toBe('passed');
    const refused = await runSearched(plan, {
      behaviour: { publish: (_device, n) => (n % 10 === 0 ? 'throttled' : 5) },
    });
    const [other] = refused.results.map((result) => ({ ...result, holds: lateBy(result, step) }));
    const strainedToo = strained([other!, ...refused.results.slice(1)], step);
    expect(judged(refused, step, { results: strainedToo })).toMatchObject({
      outcome: 'failed',
      broke: [{ metric: 'throttled_messages' }],
    });
  });

  it('fails with a strained generator where the service lost more messages than left late', async () => {
    const plan = planOf({ lost_messages: 'count==0' });
    const step = stepOf(plan, 1, 4);
    const lose = async (every: number): Promise<JudgedHold> => {
      const run = await runSearched(plan, {}, ({ n }) => (n % every === 0 ? undefined : 20));
      // One of two slices is late: half of the messages.
      const [first] = run.results.map((result) => ({ ...result, holds: lateBy(result, step) }));
      return judged(run, step, { results: strained([first!, ...run.results.slice(1)], step) });
    };
    // A third, and all.
    expect(await lose(3)).toMatchObject({ outcome: 'void', voidBecause: [{ kind: 'generator' }] });
    const most = await lose(1);
    expect(most).toMatchObject({ outcome: 'failed', broke: [{ metric: 'lost_messages' }] });
  });

  it('is not void where the generator was late for the service’s sake', async () => {
    const plan = planOf(
      { end_to_end_latency: 'p(99)<500', dropped_messages: 'count==0' },
      {
        publish: { maxUnacknowledged: 1 },
      },
    );
    const run = await runSearched(plan, { behaviour: { publish: () => 300 } });
    expect(judged(run, stepOf(plan, 2, 5))).toMatchObject({
      outcome: 'failed',
      broke: [{ metric: 'end_to_end_latency' }, { metric: 'dropped_messages' }],
    });
  });

  it('is judged while its slices run as from their complete records: none of them has died', async () => {
    const plan = planOf(
      { end_to_end_latency: 'p(99)<500', slices_died: 'count==0', connects_failed: 'count==0' },
      { publish: { maxUnacknowledged: 1 } },
    );
    const run = await runSearched(plan, { behaviour: { publish: () => 300 }, checkpointEveryMs: 500 });
    const step = stepOf(plan, 1, 3);
    const results = run.runs.map(({ checkpoints }) => checkpoints.at(-1)!);
    for (const hold of [judged(run, step, { results, goesOn: true }), judged(run, step)]) {
      expect(hold.voidBecause).toBeUndefined();
      expect(hold).toMatchObject({ outcome: 'failed', broke: [{ metric: 'end_to_end_latency' }] });
    }
  });

  it('is judged by the level of its step, and void where slices learned late of that', async () => {
    const plan = planOf();
    const step = stepOf(plan, 2, 4, 0, 150);
    const steps = [
      { k: 0, at: step.holdFrom - 500, action: { kind: 'rate' as const, perSecond: 150 } },
      { k: 1, at: step.holdUntil, action: { kind: 'rate' as const, perSecond: 60 } },
    ];
    const amended = withActions(plan, steps);
    const learned = (lateMs: number) =>
      runSearched(plan, {
        announced: steps.map((action) => ({ receivedAt: action.at + lateMs, action })),
        checkpointEveryMs: 500,
      });
    const inTime = judged(await learned(-300), step, { plan: amended });
    expect(inTime).toMatchObject({ outcome: 'passed', figures: { intended: 300, received: 300 } });
    const late = await learned(900);
    for (const results of [late.results, late.runs.map(({ checkpoints }) => checkpoints.at(-1)!)])
      expect(judged(late, step, { plan: amended, results }).voidBecause).toMatchObject([
        { kind: 'generator', sentence: expect.stringMatching(/^Slices followed the step late: /) },
      ]);
  });

  it('is void where a slice left no complete record of it', async () => {
    const plan = planOf();
    const run = await runSearched(plan, { checkpointEveryMs: 500 });
    const step = stepOf(plan, 1, 4);
    const last = run.runs[1]!.checkpoints.findLast(({ at }) => at < step.holdUntil)!;
    expect(judged(run, step, { results: [run.results[0]!, last] })).toMatchObject({
      outcome: 'void',
      voidBecause: [
        {
          kind: 'slice-died',
          sentence:
            '1 slice of 2 left no complete record of the hold: each died, was stopped, or stored it too late.',
        },
      ],
    });
  });

  it('is void where a judged figure has no value, or no message was due', async () => {
    const plan = planOf({ echo_latency: 'p(99)<500' });
    const run = await runSearched(plan);
    expect(judged(run, stepOf(plan, 1, 4)).voidBecause).toEqual([
      { kind: 'no-data', sentence: 'echo_latency (p(99)<500) has no value in the hold.' },
    ]);
    expect(judged(run, stepOf(plan, 20, 22)).voidBecause).toMatchObject([{ kind: 'no-data' }]);
  });

  it('does not judge what is known of the whole run only', async () => {
    const plan = planOf({ cost: 'value<0', 'cloudwatch.PublishIn.Throttle': 'count==0', connect: 'p(99)<1' });
    const run = await runSearched(plan);
    expect(judged(run, stepOf(plan, 1, 4)).outcome).toBe('passed');
  });
});

describe('isHoldComplete', () => {
  it('waits for the records of all slices that live, and for what was acknowledged to arrive', async () => {
    const plan = planOf();
    const run = await runSearched(plan, { checkpointEveryMs: 500 });
    const step = stepOf(plan, 1, 3);
    const completeAt = (now: number, windows = run.windows): boolean => {
      const ledger = makeLedger(plan, { steps: [step] });
      for (const { checkpoints } of run.runs) {
        const last = checkpoints.findLast(({ at }) => at <= now);
        if (last !== undefined) ledger.addSlice(last);
      }
      for (const window of windows) ledger.addWindow(window);
      return isHoldComplete({ plan, ledger, step, goesOn: true, now });
    };
    expect(completeAt(step.holdUntil - 100)).toBe(false);
    expect(completeAt(step.holdUntil + 600)).toBe(true);
    expect(completeAt(step.holdUntil + 600, [])).toBe(false);
    expect(completeAt(step.holdUntil + 2_000, [])).toBe(true);
  });

  it('waits longer where something was not acknowledged, for that may arrive in the place of something else', async () => {
    const plan = planOf();
    const run = await runSearched(plan, {
      behaviour: { publish: (_device, n) => (n % 10 === 0 ? undefined : 5) },
    });
    const step = stepOf(plan, 1, 3);
    const ledger = makeLedger(plan, { steps: [step] });
    for (const result of run.results) ledger.addSlice(result);
    // Some windows are not there yet.
    for (const window of run.windows.filter((_, i) => i % 4 !== 1)) ledger.addWindow(window);
    const at = (now: number) => isHoldComplete({ plan, ledger, step, goesOn: true, now });
    expect(at(step.holdUntil + 1_500)).toBe(false);
    expect(at(step.holdUntil + 2_000)).toBe(true);
  });

  it('waits until what has not arrived is known to break the objective', async () => {
    const plan = planOf({ end_to_end_latency: 'p(99)<3000' });
    const run = await runSearched(plan, { checkpointEveryMs: 500 }, ({ n }) =>
      n % 20 === 0 ? undefined : 20,
    );
    const step = stepOf(plan, 1, 3);
    const ledger = makeLedger(plan, { steps: [step] });
    for (const result of run.results) ledger.addSlice(result);
    for (const window of run.windows) ledger.addWindow(window);
    const at = (now: number) => isHoldComplete({ plan, ledger, step, goesOn: true, now });
    expect(at(step.holdUntil + 2_900)).toBe(false);
    expect(at(step.holdUntil + 3_100)).toBe(true);
    expect(judged(run, step, { now: step.holdUntil + 3_100 })).toMatchObject({ outcome: 'failed' });
  });

  it('does not wait for a slice whose last record is far too old', async () => {
    const plan = planOf();
    const run = await runSearched(plan, { checkpointEveryMs: 500 });
    const step = stepOf(plan, 1, 3);
    const ledger = makeLedger(plan, { steps: [step] });
    const [alive, dead] = run.runs;
    ledger.addSlice(alive!.result);
    ledger.addSlice(dead!.checkpoints[0]!);
    for (const window of run.windows) ledger.addWindow(window);
    const at = (now: number) => isHoldComplete({ plan, ledger, step, goesOn: true, now });
    expect(at(step.holdUntil + 5_000)).toBe(false);
    expect(at(step.holdUntil + 40_000)).toBe(true);
  });
});
