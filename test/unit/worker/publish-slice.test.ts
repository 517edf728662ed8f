import { describe, expect, it } from '@jest/globals';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import type { StoredAction } from '../../../src/plan/actions/action.ts';
import { stopAction } from '../../../src/plan/actions/stop.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { ForgedTargetError } from '../../../src/targets/known-target.ts';
import { mqttEndpointsOf } from '../../../src/targets/traits-of.ts';
import { publishSlice } from '../../../src/worker/publish-slice.ts';
import { makeTestPlan } from '../../support/device/make-run.ts';
import { SimulatedTransport } from '../../support/device/simulated-transport.ts';
import { VirtualClock } from '../../support/device/virtual-clock.ts';

const createdAt = 1_700_000_000_000;
const host = 'xxxx-ats.iot.eu-central-1.amazonaws.com';

/** A slice whose control channel catches up so long after it was opened; never where it is undefined. */
async function publish(
  startsAtMs: number,
  caughtUpAfterMs?: number,
  stored: readonly StoredAction[] = [],
  more: Partial<Plan> = {},
) {
  const plan = {
    ...makeTestPlan({ devices: 10, ratePerSecond: 100, seconds: 2, leadMs: 1_000 }, createdAt),
    target: { kind: 'aws-iot' as const, endpoints: [], dataUrl: undefined },
    ...more,
  };
  const settledUntilMs: number[] = [];
  const clock = Object.assign(new VirtualClock(createdAt + startsAtMs), {
    settle: async (untilMs: number) => void settledUntilMs.push(untilMs - createdAt),
  });
  const results: SliceResult[] = [];
  const transports: SimulatedTransport[] = [];
  const ports: (number | undefined)[] = [];
  const run = publishSlice(
    { runId: plan.runId, slice: 0, hosts: [host] },
    {
      clock,
      known: {
        iotEndpoints: [{ scheme: 'mqtt', host: '127.0.0.1', port: 1883, auth: 'none' }],
        iotDataUrl: undefined,
        region: undefined,
      },
      store: {
        getPlan: async () => plan,
        resultOfLeg: async () => undefined,
        putSliceResult: async (result: SliceResult) => void results.push(result),
        async *actions() {
          yield* stored;
        },
      },
      liveView: { openSlice: () => ({ add() {}, addAction() {}, close: async () => {} }) } as never,
      makeTransport: async ({ target }) => {
        ports.push(mqttEndpointsOf(target)[0]?.port);
        return (listener) => {
          const transport = new SimulatedTransport(clock, {}, listener);
          transports.push(transport);
          return transport;
        };
      },
      openControl: async () => ({
        caughtUp: new Promise((resolve) => {
          if (caughtUpAfterMs !== undefined) clock.setTimer(caughtUpAfterMs, resolve);
        }),
        close: async () => {},
      }),
    },
  );
  // Where it rejects before it is awaited.
  run.catch(() => undefined);
  // Before the first timer, and after the last one, promises go on for longer than the clock waits for them.
  await new Promise(setImmediate);
  for (const atMs of [60_000, 61_000, 62_000]) clock.setTimer(atMs, () => {});
  await clock.runUntil(run);
  const result = results.at(-1)!;
  return {
    stoppedOn: result.stoppedOn,
    messages: result.messages,
    settledUntilMs,
    ports,
    connects: transports.map(({ connectedAtMs }) => connectedAtMs.length),
    startLagMs: result.generator.startLagMs,
    firstConnectAtMs: (transports[0]?.connectedAtMs[0] ?? Number.NaN) - createdAt,
  };
}

// Ten devices connect within a second, the first after 50 ms, and 5 ms later have their CONNACK.
describe('publishSlice', () => {
  it.each([
    ['in time, caught up before the start', 100, 300],
    ['in time, caught up after it', 100, 4_000],
    ['in time, never caught up: its SUBSCRIBE is throttled', 100, undefined],
  ])('starts on the plan’s start: %s', async (_what, startsAtMs, caughtUpAfterMs) => {
    const { messages, startLagMs, firstConnectAtMs, settledUntilMs } = await publish(
      startsAtMs,
      caughtUpAfterMs,
    );
    expect(startLagMs).toBe(0);
    // It has until shortly before the start to set its clock.
    expect(settledUntilMs).toEqual([900]);
    expect(firstConnectAtMs).toBe(1_055);
    expect(messages).toMatchObject({ intended: 200, sent: 200, dropped: 0 });
  });

  it.each([undefined, 500])(
    'starts at once where it is late, caught up after %p ms',
    async (caughtUpAfterMs) => {
      const { startLagMs, firstConnectAtMs } = await publish(1_400, caughtUpAfterMs);
      expect(startLagMs).toBe(400);
      expect(firstConnectAtMs).toBe(1_455);
    },
  );

  it.each([100, 1_400])(
    'reads that the run was stopped before it started, after %p ms',
    async (startsAtMs) => {
      const action = stopAction({ reason: 'stopped by the user' });
      const stop = { version: 1, runId: 'run', k: 0, at: createdAt, action } as const;
      const { stoppedOn, messages, firstConnectAtMs } = await publish(startsAtMs, undefined, [stop]);
      expect(stoppedOn).toEqual({ command: 'stop', reason: 'stopped by the user', at: createdAt });
      expect(messages).toMatchObject({ sent: 0 });
      expect(firstConnectAtMs).toBeNaN();
    },
  );

  describe('of a run in two Regions', () => {
    const moves = { from: 'eu-west-1', to: 'us-east-1' };
    const action = { kind: 'failover', share: 1, ...moves };
    const failover = { version: 1, runId: 'run', k: 0, at: createdAt + 4_000, action } as const;
    const regionsOf = (otherHost: string): Partial<Plan> => {
      const slices = (from: number, count: number) => [{ from, count }];
      const endpoint = { scheme: 'mqtt', host: otherHost, port: 1884, auth: 'none' } as const;
      return {
        regions: [
          { name: moves.from, slices: slices(0, 1) },
          { name: moves.to, slices: slices(1, 0), target: { kind: 'aws-iot', endpoints: [endpoint] } },
        ],
      };
    };

    it('moves devices to the endpoint in the other one', async () => {
      const { ports, connects, messages } = await publish(100, 300, [failover], regionsOf('127.0.0.1'));
      expect(ports).toEqual([undefined, 1884]);
      expect(connects).toEqual([10, 10]);
      expect(messages.intended).toBe(200);
    });

    it('connects to no endpoint there that is not the run’s', async () => {
      await expect(publish(100, 300, [], regionsOf('broker.example.com'))).rejects.toThrow(ForgedTargetError);
    });
  });
});
