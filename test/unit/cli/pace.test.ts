import { expect, it } from '@jest/globals';
import { followRun } from '../../../src/cli/run/follow-run.ts';
import { noTotals, type Progress, phaseOf } from '../../../src/cli/run/progress.ts';
import { RunInProgress } from '../../../src/live/run-in-progress.ts';
import { makeArrivalRate } from '../../../src/plan/arrival-rate.ts';
import { makeRandom } from '../../../src/shared/random.ts';
import { samplePlan } from '../../support/cli/sample-plan.ts';
import { onlyGroupOf } from '../../support/plan/only-group.ts';

const { startAt, publishAt, publishEndAt, drainEndAt } = samplePlan.timeline;
const slices = 24;
const roundTripMs = 8;

interface LiveReport {
  readonly at: number;
  apply(run: RunInProgress): void;
}

/**
 * The reports of a run that holds its rate to the message, and their instants: slices close a second up to 20 ms late, their
 * reports are received up to 2.5 s after that, and arrivals come in three batches a second.
 */
function reportsOfPunctualRun(): LiveReport[] {
  const random = makeRandom(7, 0);
  const rate = makeArrivalRate(onlyGroupOf(samplePlan).profile);
  const sentBy = (at: number) => Math.floor(rate.messagesBy(at - publishAt));
  const ofSlice = (slice: number, total: number) => Math.floor((total + slice) / slices);
  const reports: LiveReport[] = [];
  const [first, last] = [Math.floor(startAt / 1_000), Math.floor(publishEndAt / 1_000)];
  for (let slice = 0; slice < slices; slice++) {
    let before = { intended: 0, sent: 0, acked: 0 };
    // The reports of one slice are received in order.
    let receivedAt = 0;
    for (let second = first; second <= last; second++) {
      const closedAt = (second + 1) * 1_000 + random() * 20;
      const sent = ofSlice(slice, sentBy(closedAt));
      const now = { intended: sent, sent, acked: ofSlice(slice, sentBy(closedAt - roundTripMs)) };
      const difference = {
        intended: now.intended - before.intended,
        sent: now.sent - before.sent,
        acked: now.acked - before.acked,
      };
      before = now;
      receivedAt = Math.max(receivedAt, closedAt + 50 + random() * 2_450);
      const phase = second === last ? 'done' : 'publishing';
      reports.push({
        at: receivedAt,
        apply: (run) => {
          run.takeSlice({
            slice,
            second,
            phase,
            connected: 500,
            connects: 0,
            connectFailed: 0,
            dropped: 0,
            throttled: 0,
            failed: 0,
            unacknowledged: 0,
            ...difference,
          });
        },
      });
    }
  }
  for (let second = first; second <= last; second++) {
    const arrived = sentBy((second + 1) * 1_000 - 5) - sentBy(second * 1_000 - 5);
    for (let batch = 0; batch < 3; batch++) {
      const arrivals = Math.floor((arrived + batch) / 3);
      reports.push({
        at: (second + 1) * 1_000 + random() * 2_000,
        apply: (run) => run.takeArrivals(second, arrivals),
      });
    }
  }
  return reports.sort((a, b) => a.at - b.at);
}

it('shows a run that holds its rate as one that does, even if its reports come unevenly', async () => {
  const run = new RunInProgress();
  const reports = reportsOfPunctualRun();
  const shown: Progress[] = [];
  let now = startAt;
  await followRun({
    runId: samplePlan.runId,
    executionArn: 'arn',
    executions: {
      describe: async (executionArn) => ({
        executionArn,
        status: now < drainEndAt ? 'RUNNING' : 'SUCCEEDED',
        error: undefined,
        cause: undefined,
      }),
      stop: async () => undefined,
    },
    control: { requestStop: async () => undefined },
    record: {
      getPlan: async () => samplePlan,
      actions: async function* () {},
      judgedHolds: async function* () {},
    },
    live: async () => {
      while (reports[0] !== undefined && reports[0].at <= now) reports.shift()?.apply(run);
      const complete = run.complete(Math.floor(now / 1_000));
      return { totals: { ...noTotals, ...(complete === undefined ? {} : { complete }) } };
    },
    pollEveryMs: 250,
    stopTimeoutMs: 60_000,
    display: { show: (progress) => void shown.push(progress), say: () => undefined },
    interrupts: { stop: new AbortController().signal },
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
  });

  const ramping = shown.filter(({ now: at }) => at > publishAt + 5_000 && at < publishAt + 10_000);
  for (const { sentPerSecond, intendedPerSecond } of ramping) {
    expect(intendedPerSecond).toBeGreaterThan(1_000);
    expect(Math.abs(sentPerSecond / intendedPerSecond - 1)).toBeLessThan(0.02);
  }
  const held = shown.filter(({ now: at }) => at > publishAt + 20_000 && at < publishEndAt);
  expect(held.length).toBeGreaterThan(150);
  for (const { sentPerSecond, intendedPerSecond, totals } of held) {
    expect(intendedPerSecond).toBeCloseTo(20_000, 3);
    expect(Math.abs(sentPerSecond / intendedPerSecond - 1)).toBeLessThan(0.003);
    const { sent = 0, acked = 0, arrivals = 0 } = totals ?? {};
    expect(sent - acked).toBeLessThanOrEqual((20_000 * roundTripMs) / 1_000 + slices);
    expect(arrivals).toBeLessThanOrEqual(sent);
  }
  const end = shown.at(-1);
  expect(end && phaseOf(end)).toBe('draining');
  const { messages } = samplePlan.load;
  expect(end?.totals).toMatchObject({ sent: messages, acked: messages, arrivals: messages });
});
