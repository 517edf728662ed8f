import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findRun } from '../../src/cli/backend/find-run.ts';
import type { SliceResult } from '../../src/measure/slice-result.ts';
import type { StoredAction } from '../../src/plan/actions/action.ts';
import { parseActionSettings } from '../../src/plan/actions/action-settings.ts';
import { rateKind } from '../../src/plan/actions/load-kinds.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { sumBy } from '../../src/shared/counts.ts';
import { makeRandom } from '../../src/shared/random.ts';
import { issueActions } from '../../src/worker/issue-actions.ts';
import { type QuietInflux, startQuietInflux } from '../support/influx/quiet-influx-process.ts';
import { processesOfFunction } from '../support/run/function-processes.ts';
import { type EndedRehearsal, type Rehearsal, startRehearsal } from '../support/run/rehearsal.ts';

/*
 * Ten actions at random instants, issued at once and in another order than they take effect. A busy machine may be late, and is held to
 * the ledger alone; one that does nothing else takes 20 slices at the full rate, and is also held to 5 ms:
 *
 *   LIVE_ACTIONS_RATE=5000 npm run test:integration -- test/e2e/live-actions.integration.ts
 */

const fullRate = process.env.LIVE_ACTIONS_RATE;
const isFull = fullRate !== undefined;
const ratePerSecond = Number(fullRate ?? 200);
const seconds = 12;
/** Before the first instant, so that a busy machine announces all ten in time. */
const firstAfterMs = 5_000;

const profile = (slices: number) => ({
  devices: 5 * slices,
  connect: { client: 'dense', ratePerSecond: 400, backoff: { base: '200ms', cap: '1s' } },
  ratePerSecond,
  duration: `${seconds}s`,
  publish: { ackTimeout: '5s' },
  slices: { devicesPerSlice: 5, toleratedFailureShare: 0.5 },
  drain: '3s',
  limits: { enforce: false },
  // A busy machine is late; it must not be wrong. What the faults lose is lost on purpose.
  thresholds: { lost_messages: [], dropped_messages: [], unacknowledged_messages: [] },
});

const settings: readonly string[] = [
  'rate=1.5x',
  'network.delay=5ms',
  'rate=0.2x',
  `rate=${1.4 * ratePerSecond}`,
  'faults.dropDeliveries=10%',
  'rate=0x',
  'disconnect=20%',
  'rate=0.5x',
  'network=none',
  'rate=1x',
];

interface ActedRun extends EndedRehearsal {
  readonly plan: Plan;
  readonly actions: readonly StoredAction[];
  readonly slices: readonly SliceResult[];
}

/** @param during what else happens, counted from the first message */
async function runWithActions(
  rehearsal: Rehearsal,
  slices: number,
  during: () => Promise<void> = async () => {},
): Promise<ActedRun> {
  const random = makeRandom(15, 0);
  const run = await rehearsal.begin(profile(slices));
  const plan = await run.plan();
  const { publishAt } = plan.timeline;
  const { backend } = await findRun(run.runId, { runs: rehearsal.runsDirectory });
  const { record: store, control } = backend;
  // As by ten users at once; some slices receive them, and those that are still starting read them.
  const issueAll = async (): Promise<void> => {
    await sleep(publishAt - 1_000 - Date.now());
    const instants = settings.map(() => firstAfterMs + random() * (seconds * 1_000 - firstAfterMs - 500));
    const issue = (setting: string, i: number) =>
      issueActions(
        {
          ...parseActionSettings([setting]),
          runId: run.runId,
          plan,
          isRunning: true,
          inMs: publishAt + instants[i]! - Date.now(),
        },
        { store, control, now: Date.now },
      );
    await Promise.all(settings.map(issue));
  };
  const disturb = async (): Promise<void> => {
    await sleep(publishAt - Date.now());
    await during();
  };
  await Promise.all([issueAll(), disturb()]);
  const ended = await run.ended();
  const actions: StoredAction[] = [];
  for await (const action of store.actions(run.runId)) actions.push(action);
  return { ...ended, plan, actions, slices: await run.slices() };
}

/** Message k is due when the integral reaches k + ½; one that is due at the very end is not sent. */
function dueOf(run: ActedRun): number {
  const rates = run.actions.filter((action) => rateKind.parse(action.action) !== undefined);
  const last = rateKind.parse(rates.toSorted((a, b) => a.at - b.at).at(-1)!.action)!;
  const isOverEarly = ('factor' in last ? last.factor : last.perSecond) === 0;
  return isOverEarly ? Math.floor(integralOf(run) + 0.5) : Math.ceil(integralOf(run) - 0.5);
}

/** The integral of the rate that was in force, one stretch after the other. @param tookEffectAt epoch milliseconds, by action */
function integralOf(
  { plan, actions }: ActedRun,
  tookEffectAt = (action: StoredAction): number => action.at,
): number {
  const steps = actions
    .toSorted((a, b) => a.at - b.at)
    .flatMap((action) => {
      const change = rateKind.parse(action.action);
      if (change === undefined) return [];
      const rate = 'factor' in change ? ratePerSecond * change.factor : change.perSecond;
      return [{ atMs: tookEffectAt(action) - plan.timeline.publishAt, rate }];
    });
  const endMs = seconds * 1_000;
  const all = [{ atMs: 0, rate: ratePerSecond }, ...steps];
  return sumBy(all, ({ atMs, rate }, i) => {
    const untilMs = Math.min(endMs, ...all.slice(i + 1).map((later) => later.atMs));
    return (rate * Math.max(0, untilMs - atMs)) / 1_000;
  });
}

/** To the message, and by one more or less for each slice whose own record has a rate action at another instant. */
function expectIntended(run: ActedRun): void {
  const { slices, plan, report, actions } = run;
  const late = slices
    .map(({ outcome, at: recordedAt, actions: applied = [] }) => {
      const own = new Map(applied.map(({ k, at }) => [k, at]));
      const hasMissed = (at: number) => outcome === 'completed' && at < recordedAt;
      return ({ k, at }: StoredAction) => own.get(k) ?? (hasMissed(at) ? Number.POSITIVE_INFINITY : at);
    })
    .filter((ownAt) =>
      actions.some((action) => rateKind.parse(action.action) !== undefined && ownAt(action) !== action.at),
    );
  const { intended } = report.messages;
  if (late.length === 0) expect(intended).toBe(dueOf(run));
  const others = (plan.slices.count - late.length) * integralOf(run);
  const messages = others + sumBy(late, (ownAt) => integralOf(run, ownAt));
  expect(Math.abs(intended - messages / plan.slices.count)).toBeLessThanOrEqual(0.5 + late.length + 1e-6);
}

function expectExact(run: ActedRun): void {
  const { report, recorded, actions, plan } = run;
  const { messages } = report;
  expect(actions.map(({ k }) => k)).toEqual([...settings.keys()]);
  expect(report.imbalances).toEqual([]);
  expectIntended(run);
  expect(messages.intended).not.toBe(plan.load.messages);
  expect(messages.received).toBe(recorded.queued);
  expect(messages.intended).toBe(messages.sent + messages.dropped + messages.sendUnknown);
  expect(messages.sent).toBe(messages.received + messages.lost);
  expect(report.storms!.list).toMatchObject([{ devices: plan.slices.count }]);
}

/** None before its instant, and all of them where the slice was ready before the first. @returns how late, milliseconds */
function expectApplied({ slices, actions }: ActedRun): number[] {
  const latenesses: number[] = [];
  for (const { outcome, generator, actions: applied = [] } of slices) {
    const wasReady = outcome === 'completed' && generator.startLagMs < firstAfterMs - 1_000;
    const own = actions.filter(({ action }) => action.kind !== 'faults').map(({ k }) => k);
    if (wasReady) expect(applied.map(({ k }) => k!).sort((a, b) => a - b)).toEqual(own);
    for (const { k, at } of applied) {
      // Timers may fire in the millisecond before.
      expect(at - actions[k!]!.at).toBeGreaterThan(-1);
      if (wasReady) latenesses.push(at - actions[k!]!.at);
    }
  }
  return latenesses;
}

describe(`ten actions at random instants, ${ratePerSecond}/s`, () => {
  const count = isFull ? 20 : 6;
  const disturbedCount = isFull ? count : 3;
  let rehearsals: readonly Rehearsal[] = [];
  let influx: QuietInflux;
  let whole: ActedRun;
  let disturbed: ActedRun;

  beforeAll(async () => {
    influx = await startQuietInflux();
    rehearsals = [await startRehearsal(), await startRehearsal({ influx: influx.server })];
    const [forWhole, forDisturbed] = rehearsals as [Rehearsal, Rehearsal];
    // The slice dies after some actions and before others.
    const killSlice = async (): Promise<void> => {
      await sleep(firstAfterMs + 2_500);
      process.kill(processesOfFunction(forDisturbed.runsDirectory, 'publish-mqtt').at(-1)!, 'SIGKILL');
    };
    const killInflux = async (): Promise<void> => {
      await influx.tookWrite();
      process.kill(influx.pid, 'SIGKILL');
    };
    const disturb = async () => void (await Promise.all([killSlice(), killInflux()]));
    const runWhole = () => runWithActions(forWhole, count);
    const runDisturbed = () => runWithActions(forDisturbed, disturbedCount, disturb);
    if (isFull) {
      whole = await runWhole();
      disturbed = await runDisturbed();
    } else [whole, disturbed] = await Promise.all([runWhole(), runDisturbed()]);
  });
  afterAll(async () => {
    influx?.close();
    await Promise.all(rehearsals.map((each) => each.close()));
  });

  it('intend the integral of the amended schedule, and every slice carries them out', () => {
    expectExact(whole);
    expect(whole.report.slices).toMatchObject({ planned: count, died: 0 });
    const latenesses = expectApplied(whole);
    const carriedOut = whole.report.actions!.flatMap((action) => action.carriedOut ?? []);
    expect(carriedOut).toHaveLength(settings.length - 1);
    for (const { plannedSlices, slices } of carriedOut) expect(slices).toBeLessThanOrEqual(plannedSlices);
    if (!isFull) return;
    for (const { label, carriedOut: { latenessMs } = {} } of whole.report.actions!)
      if (latenessMs !== undefined)
        console.info(`${label}: the latest after ${latenessMs.max.toFixed(1)} ms`);
    for (const { slices, latenessMs } of carriedOut) {
      expect(slices).toBe(count);
      expect(latenessMs.max).toBeLessThanOrEqual(5);
    }
    expect(latenesses).toHaveLength((settings.length - 1) * count);
    expect(Math.max(...latenesses)).toBeLessThanOrEqual(5);
  });

  it('do so with a slice killed and InfluxDB away', () => {
    expectExact(disturbed);
    expect(disturbed.report.slices).toMatchObject({ planned: disturbedCount, died: 1 });
    expectApplied(disturbed);
  });
});
