import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TokenBucket } from '../../../src/embedded/iot-core/token-bucket.ts';
import { checkLedger } from '../../../src/measure/check-ledger.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { RunLedger } from '../../../src/measure/run-ledger.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { regionOfSlice } from '../../../src/plan/regions.ts';
import { plannedStormsOf } from '../../../src/plan/storms.ts';
import type { Backoff } from '../../../src/profile/backoff.ts';
import type { PlannedAction } from '../../../src/profile/planned-action.ts';
import { makeTestPlan, type RunOptions, type SimulatedRun, simulate } from '../../support/device/make-run.ts';
import type { Behaviour } from '../../support/device/simulated-transport.ts';
import { randomCases } from '../../support/effort.ts';
import { windowOf } from '../../support/measure/run-fixture.ts';

const [eu, us] = ['eu-west-1', 'us-east-1'] as const;
const exactly = (baseMs: number): Backoff => ({ baseMs, capMs: baseMs, jitter: 'none' });

const failover = (atMs: number, share: number, from: string = eu, to: string = us): PlannedAction => ({
  atMs,
  action: { kind: 'failover', share, from, to },
});

/** Slice 0 is at home in eu-west-1, slice 1 in us-east-1. */
function planOf(timeline: readonly PlannedAction[], options: RunOptions = {}): Plan {
  const plan = makeTestPlan({
    devices: 80,
    ratePerSecond: 400,
    seconds: 10,
    slices: 2,
    timeline,
    ...options,
    connect: { backoff: exactly(1_000), ...options.connect },
  });
  return {
    ...plan,
    profile: {
      ...plan.profile,
      regions: [
        { name: eu, share: 0.5 },
        { name: us, share: 0.5 },
      ],
    },
    regions: [
      { name: eu, slices: [{ from: 0, count: 1 }] },
      { name: us, slices: [{ from: 1, count: 1 }] },
    ],
  };
}

/** Both slices, each with a service in its own Region and one in the other. */
async function runAll(
  plan: Plan,
  behaviours: { readonly [eu]?: Behaviour; readonly [us]?: Behaviour } = {},
): Promise<readonly SimulatedRun[]> {
  return await Promise.all(
    [0, 1].map((slice) => {
      const home = regionOfSlice(plan, slice)!.name;
      const other = home === eu ? us : eu;
      const services = { [home]: behaviours[home as typeof eu] ?? {}, [other]: behaviours[other] ?? {} };
      return simulate({ plan, slice, services });
    }),
  );
}

const publishedIn = (run: SimulatedRun, region: string) => run.services.get(region)?.published ?? [];

/** @param arrives whether a message that a service received comes through its rule */
function ledgerOf(
  plan: Plan,
  runs: readonly SimulatedRun[],
  arrives: (region: string, n: number, atMs: number) => boolean = () => true,
): RunLedger {
  const ledger = makeLedger(plan);
  for (const [slice, run] of runs.entries()) {
    ledger.addSlice(run.result);
    for (const region of [eu, us]) {
      const arrived = publishedIn(run, region).filter(({ n, atMs }) => arrives(region, n, atMs));
      if (arrived.length > 0)
        ledger.addWindow(
          windowOf(
            plan,
            arrived.map(({ n }) => [slice, n]),
            `${region}-${slice}`,
          ),
        );
    }
  }
  return ledger.close();
}

const failoverTimeOf = ({ result }: SimulatedRun) =>
  LatencyHistogram.decode(result.latencies.failover_time ?? new LatencyHistogram().encode());

describe('a failover', () => {
  it('moves its share of the devices of one Region to the endpoint of the other', async () => {
    const plan = planOf([failover(2_000, 0.5)]);
    const [home, other] = await runAll(plan);
    const instant = plan.timeline.publishAt + 2_000;
    const moved = new Set(publishedIn(home!, us).map(({ device }) => device));
    expect(moved.size).toBe(20);
    expect(home!.transport.disconnects.map(({ how, atMs }) => [how, atMs])).toEqual(
      Array.from({ length: 20 }, () => ['drop', instant]),
    );
    // Nothing of these devices is at their home from then on, and nothing of the others is elsewhere.
    expect(publishedIn(home!, eu).filter(({ device, atMs }) => moved.has(device) && atMs >= instant)).toEqual(
      [],
    );
    expect(publishedIn(home!, us).every(({ atMs }) => atMs >= instant + 1_000)).toBe(true);
    expect(home!.result.devices).toMatchObject({ connected: 40, connectFailed: 0, reconnects: 20 });
    expect(home!.result.storms).toEqual([
      expect.objectContaining({ at: instant, moves: { from: eu, to: us }, devices: 20, disconnected: 20 }),
    ]);
    expect(failoverTimeOf(home!).summary()).toMatchObject({ count: 20, min: 1_005, max: 1_005 });
    // The other Region's own devices are where they were.
    expect(publishedIn(other!, eu)).toEqual([]);
    expect(other!.result.storms).toEqual([expect.objectContaining({ devices: 0, disconnected: 0 })]);
    expect(plannedStormsOf(plan)).toEqual([expect.objectContaining({ devices: 20, how: 'drop' })]);
  });

  it('balances to the message when both Regions’ arrivals are merged', async () => {
    const plan = planOf([failover(2_000, 0.5)]);
    const slow: Behaviour = { publish: () => 300 };
    const runs = await runAll(plan, { [eu]: slow });
    const instant = plan.timeline.publishAt + 2_000;
    // What came in the last 100 ms before the failover is lost behind the PUBLISH.
    const isLost = (region: string, atMs: number) => region === eu && atMs >= instant - 100 && atMs < instant;
    const closed = ledgerOf(plan, runs, (region, _n, atMs) => !isLost(region, atMs));
    expect(checkLedger(closed)).toEqual([]);
    const moved = new Set(publishedIn(runs[0]!, us).map(({ device }) => device));
    const inFlight = publishedIn(runs[0]!, eu).filter(
      ({ device, atMs }) => moved.has(device) && atMs > instant - 300 && atMs < instant,
    );
    const lost = inFlight.filter(({ atMs }) => isLost(eu, atMs));
    const { storms, messages } = closed;
    expect(lost.length).toBeGreaterThan(0);
    expect(inFlight.length).toBeGreaterThan(lost.length);
    expect(storms).toHaveLength(1);
    expect(storms![0]!.inFlight).toEqual({
      unacknowledged: inFlight.length,
      received: inFlight.length - lost.length,
    });
    expect(messages.intended).toBe(plan.load.messages);
    expect(messages.unacknowledged).toBeGreaterThanOrEqual(inFlight.length);
    expect(messages.sent).toBe(
      runs.reduce((sum, run) => sum + publishedIn(run, eu).length + publishedIn(run, us).length, 0),
    );
    expect(closed.latencies.failover_time.count).toBe(20);
  });

  it('takes as long as the connect quota of the Region that devices move to lets it', async () => {
    const plan = planOf([failover(2_000, 1)], { devices: 400, ratePerSecond: 40, seconds: 20 });
    const bucket = new TokenBucket(25, 1);
    const limited: Behaviour = { connect: (_device, nowMs) => (bucket.take(nowMs) ? 5 : 'quota') };
    const home = await simulate({ plan, slice: 0, services: { [eu]: {}, [us]: limited } });
    const { count, max } = failoverTimeOf(home).summary();
    expect(count).toBe(200);
    // 200 devices at 25 a second, each trying once a second.
    expect(max).toBeGreaterThanOrEqual(7_500);
    expect(max).toBeLessThanOrEqual(9_100);
    expect(home.result.storms![0]!.attempts).toBeGreaterThan(200);
  });

  it('leaves devices that do not come back uncounted among its times', async () => {
    const plan = planOf([failover(2_000, 0.5)]);
    const runs = await runAll(plan, { [us]: { connect: () => 'ECONNREFUSED' } });
    const [home] = runs;
    expect(failoverTimeOf(home!).count).toBe(0);
    expect(home!.result.storms![0]).toMatchObject({ devices: 20, disconnected: 20 });
    expect(home!.result.storms![0]!.dropped).toBe(home!.result.messages.dropped);
    expect(checkLedger(ledgerOf(plan, runs))).toEqual([]);
  });

  it('connects a device again whose attempt was under way to the Region that it left', async () => {
    const plan = planOf([failover(2_000, 1)]);
    // From the storm before on, the old Region takes a second to answer.
    const late: Plan = {
      ...plan,
      profile: {
        ...plan.profile,
        timeline: [{ atMs: 500, action: { kind: 'disconnect', share: 1, how: 'drop' } }, failover(2_000, 1)],
      },
    };
    const slowFrom = plan.timeline.publishAt + 500;
    const runs = await runAll(late, { [eu]: { connect: (_, nowMs) => (nowMs > slowFrom ? 1_000 : 5) } });
    const [home] = runs;
    // They connect to the old Region at 2.5 s, and only then see that they are to be elsewhere.
    expect(publishedIn(home!, eu).every(({ atMs }) => atMs <= slowFrom)).toBe(true);
    expect(new Set(publishedIn(home!, us).map(({ device }) => device)).size).toBe(40);
    expect(failoverTimeOf(home!).summary()).toMatchObject({ count: 40, min: 1_505, max: 1_505 });
    expect(checkLedger(ledgerOf(late, runs))).toEqual([]);
  });

  it('takes devices back, those that an earlier one had moved', async () => {
    const plan = planOf([failover(2_000, 0.5), failover(5_000, 1, us, eu)]);
    const runs = await runAll(plan);
    const [home, other] = runs;
    expect(home!.result.storms!.map(({ devices }) => devices)).toEqual([20, 20]);
    expect(other!.result.storms!.map(({ devices }) => devices)).toEqual([0, 40]);
    expect(plannedStormsOf(plan).map(({ devices }) => devices)).toEqual([20, 60]);
    const until = plan.timeline.publishAt + 5_000;
    expect(publishedIn(home!, us).every(({ atMs }) => atMs <= until)).toBe(true);
    expect(checkLedger(ledgerOf(plan, runs))).toEqual([]);
    expect(ledgerOf(plan, runs).storms!.map(({ disconnected }) => disconnected)).toEqual([20, 60]);
  });

  it('balances whatever the services do', async () => {
    const property = fc.asyncProperty(
      fc.array(
        fc.record({
          atMs: fc.integer({ min: 0, max: 7_000 }),
          share: fc.double({ min: 0.05, max: 1, noNaN: true }),
          isBack: fc.boolean(),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      fc.func(fc.nat(20)),
      async (moves, diceOf) => {
        const timeline = moves.map(({ atMs, share, isBack }) =>
          isBack ? failover(atMs, share, us, eu) : failover(atMs, share),
        );
        const plan = planOf(timeline, { devices: 24, ratePerSecond: 120, seconds: 8 });
        const service = (salt: number): Behaviour => ({
          connect: (device, nowMs) => (diceOf(device, nowMs, salt) === 0 ? 'ECONNRESET' : 5),
          publish: (_, n) => (diceOf(n, salt) === 0 ? undefined : diceOf(n, salt) * 40),
        });
        const runs = await runAll(plan, { [eu]: service(1), [us]: service(2) });
        const closed = ledgerOf(plan, runs, (region, n) => diceOf(region, n) !== 1);
        expect(checkLedger(closed)).toEqual([]);
        expect(closed.messages.intended).toBe(plan.load.messages);
        const both = runs.flatMap((run) => [eu, us].map((region) => publishedIn(run, region)));
        expect(closed.messages.sent).toBe(both.reduce((sum, { length }) => sum + length, 0));
        const sets = runs.map((run) =>
          [eu, us].flatMap((region) => publishedIn(run, region).map(({ n }) => n)),
        );
        for (const numbers of sets) expect(new Set(numbers).size).toBe(numbers.length);
        // What the plan says of how many devices move is what the slices find.
        const planned = plannedStormsOf(plan);
        const found = planned.map(({ at, moves: way }) =>
          runs.reduce((sum, { result }) => {
            const storm = result.storms!.find((each) => each.at === at && each.moves?.from === way!.from);
            return sum + storm!.devices;
          }, 0),
        );
        const isTwice = planned.some(({ at }, i) => planned.findIndex((each) => each.at === at) !== i);
        if (!isTwice) expect(found).toEqual(planned.map(({ devices }) => devices));
      },
    );
    await fc.assert(property, randomCases(20));
  });
});
