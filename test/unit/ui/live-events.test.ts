import { describe, expect, it } from '@jest/globals';
import { noTotals } from '../../../src/cli/run/progress.ts';
import type { RunView, ViewRequest } from '../../../src/live/run-in-progress.ts';
import { withActions } from '../../../src/plan/actions/with-actions.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { type ActiveRun, makeActiveRun } from '../../../src/ui/active-run.ts';
import { type SendEvent, sendRunEvents } from '../../../src/ui/live-events.ts';
import type { PageEvents } from '../../../src/ui/page/messages.ts';
import { samplePlan } from '../../support/cli/sample-plan.ts';
import { onlyGroupOf } from '../../support/plan/only-group.ts';
import { capacitySearch, holdOf } from '../../support/plan/simulated-service.ts';

const { publishAt } = samplePlan.timeline;

const unchanged = {
  marks: async () => [{ at: publishAt, label: 'rate × 2' }],
  issue: async () => {
    throw new Error('nothing is issued here');
  },
};

/** A page that watches in virtual time: at each second `steps` changes the run. */
async function watch(steps: readonly ((run: ActiveRun) => void)[], closesAfter = 100) {
  const run = makeActiveRun(samplePlan.runId, 'sample');
  const requested: ViewRequest[] = [];
  const events: [keyof PageEvents, PageEvents[keyof PageEvents]][] = [];
  let second = 0;
  const send: SendEvent = (name, data) => void events.push([name, data]);
  run.began({
    view: async (request) => {
      requested.push(request);
      return viewOf(request.since + 10);
    },
    received: async () => ({ received: 75, duplicates: 5 }),
    ...unchanged,
  });
  await sendRunEvents(run, send, () => second < closesAfter, {
    sleep: async () => steps[second++]?.(run),
    now: () => publishAt,
  });
  return { events, requested };
}

const viewOf = (revision: number): RunView => ({
  revision,
  slices: 'pp',
  groups: [],
  kinds: [],
  reportedUntil: 0,
  seconds: [],
  latency: { end_to_end_latency: [], puback_round_trip: [], pubcomp_round_trip: [], response_time: [] },
});

const complete = {
  untilSecond: 1,
  users: 0,
  intended: 107,
  sent: 100,
  dropped: 2,
  acked: 90,
  throttled: 3,
  failed: 0,
  unacknowledged: 0,
  connects: 0,
  connectFailed: 0,
  arrivals: 80,
};

const progress = (withPlan: boolean, more: object = {}) => ({
  ...(withPlan ? { plan: samplePlan } : {}),
  totals: {
    ...noTotals,
    sent: 100,
    dropped: 2,
    acked: 90,
    throttled: 3,
    arrivals: 80,
    endToEndP99Ms: 12,
    complete,
  },
  sentPerSecond: 50,
  intendedPerSecond: 51,
  now: publishAt + 1_000,
  stopping: false,
  ...more,
});

describe('events of a run for a page', () => {
  it('begins with the plan, goes on by the second, and ends with the verdict', async () => {
    const { events, requested } = await watch([
      (run) => run.display.show(progress(false)),
      (run) => run.display.show(progress(true)),
      () => undefined,
      (run) => run.ended({ report: { verdict: 'passed' } as Report }),
    ]);
    expect(events.map(([name]) => name)).toEqual(['plan', 'view', 'view', 'ended']);
    expect(requested.map(({ since }) => since)).toEqual([0, 10]);
    expect(events.at(-1)).toEqual(['ended', { verdict: 'passed' }]);
  });

  it('sends the plan anew, and all that has been drawn, once actions have changed its rates', async () => {
    const action = { kind: 'rate', factor: 2 };
    const amended = withActions(samplePlan, [{ at: publishAt + 5_000, action }]);
    const { events, requested } = await watch([
      (run) => run.display.show(progress(true)),
      (run) => run.display.show(progress(true, { plan: amended })),
      () => undefined,
      (run) => run.ended({ report: { verdict: 'passed' } as Report }),
    ]);
    expect(events.map(([name]) => name)).toEqual(['plan', 'view', 'plan', 'view', 'view', 'ended']);
    expect(requested.map(({ since }) => since)).toEqual([0, 0, 10]);
    const [planned, doubled] = events.flatMap(([name, data]) =>
      name === 'plan' ? (data as PageEvents['plan']).messages : [],
    );
    expect(doubled).toBe(Math.round(amended.load.messages));
    expect(doubled).toBeGreaterThan(planned!);
  });

  it('says of the plan what plots need', async () => {
    const { events } = await watch([(run) => run.display.show(progress(true))], 2);
    const plan = events[0]![1] as PageEvents['plan'];
    expect(plan.target[0]).toEqual([publishAt, onlyGroupOf(samplePlan).profile.startRatePerSecond]);
    expect(plan.target).toHaveLength(onlyGroupOf(samplePlan).profile.stages.length + 1);
    expect(plan.quotas.map(({ usedBy }) => usedBy)).toEqual(['published', 'connects', 'connected']);
    expect(plan).toMatchObject({ devices: 12_000, acknowledged: true });
    const seconds = (samplePlan.timeline.drainEndAt - samplePlan.timeline.startAt) / 1_000;
    expect(seconds / plan.secondsPerStep).toBeLessThanOrEqual(300);
  });

  it('has the holds of a search, and what it does now', async () => {
    const judged = [holdOf({ level: 1_000 }, 'passed', 0), holdOf({ level: 2_000 }, 'failed', 1)];
    const search = { settings: capacitySearch, judged };
    const { events } = await watch([(run) => run.display.show(progress(true, { search }))], 2);
    expect((events[1]![1] as PageEvents['view']).search).toEqual({
      figures: ['1,000/s passes', '2,000/s fails'],
      holds: [
        { step: 0, level: '1,000/s', outcome: 'passed', details: '', next: 'next 2,000/s' },
        { step: 1, level: '2,000/s', outcome: 'failed', details: '', next: 'next 1,414/s' },
      ],
    });
  });

  it('keeps counts that balance, with what may still come', async () => {
    const early = progress(true, { now: samplePlan.timeline.startAt + 1_000 });
    const { events } = await watch([(run) => run.display.show(early)], 2);
    const { messages, run } = events[1]![1] as PageEvents['view'];
    expect(messages).toEqual({
      intended: 107,
      sent: 100,
      dropped: 2,
      waiting: 5,
      acked: 90,
      throttled: 3,
      failed: 0,
      unanswered: 7,
      // Five of the 80 arrivals were duplicates: they hide none of the 25 that are missing.
      received: 75,
      duplicates: 5,
      notArrived: 25,
    });
    expect(run.slices).toHaveLength(samplePlan.slices.count);
    expect(run.slices.slice(2)).toMatch(/^\.+$/);
  });

  it('has no rate once the schedule is over', async () => {
    const isPublishingAt = async (now: number) => {
      const { events } = await watch([(run) => run.display.show(progress(true, { now }))], 2);
      return (events[1]![1] as PageEvents['view']).isPublishing;
    };
    expect(await isPublishingAt(samplePlan.timeline.publishEndAt - 1)).toBe(true);
    expect(await isPublishingAt(samplePlan.timeline.publishEndAt + 1)).toBe(false);
  });

  it('takes a slice that never came for failed', async () => {
    const late = progress(true, { now: samplePlan.timeline.startAt + 60_000 });
    const { events } = await watch([(run) => run.display.show(late)], 2);
    expect((events[1]![1] as PageEvents['view']).run.slices.slice(2)).toMatch(/^x+$/);
  });

  it('says why there is no report', async () => {
    const { events } = await watch([(run) => run.ended({ reason: 'it broke' })]);
    expect(events).toEqual([['ended', { reason: 'it broke' }]]);
  });

  it('requests nothing once no page is open', async () => {
    const { requested } = await watch([(run) => run.display.show(progress(true))], 3);
    expect(requested).toHaveLength(2);
  });
});

describe('a watched run', () => {
  it('is stopped by the page, and answers nothing after its end', async () => {
    const run = makeActiveRun('r', 'n');
    expect(await run.view({ since: 0, secondsPerStep: 1 })).toBeUndefined();
    run.began({
      view: async () => Promise.reject(new Error('gone')),
      received: async () => Promise.reject(new Error('gone')),
      marks: async () => Promise.reject(new Error('gone')),
      issue: unchanged.issue,
    });
    expect(await run.marks()).toEqual([]);
    expect(await run.received()).toBeUndefined();
    expect(await run.view({ since: 0, secondsPerStep: 1 })).toBeUndefined();
    run.began({
      view: async () => viewOf(1),
      received: async () => ({ received: 0, duplicates: 0 }),
      ...unchanged,
    });
    run.stop();
    expect(run.stopped.aborted).toBe(true);
    run.ended({});
    await expect(run.issue(['rate=2x'])).rejects.toThrow('Run r has ended: it takes no actions.');
    expect(await run.view({ since: 0, secondsPerStep: 1 })).toBeUndefined();
  });
});
