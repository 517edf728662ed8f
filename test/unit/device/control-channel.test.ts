import { describe, expect, it } from '@jest/globals';
import { controlProfileOf, openControlChannel } from '../../../src/device/control-channel.ts';
import type { IncomingMessage, TransportListener } from '../../../src/device/transport.ts';
import { makeTestPlan } from '../../support/device/make-run.ts';
import { type Behaviour, SimulatedTransport } from '../../support/device/simulated-transport.ts';
import { VirtualClock } from '../../support/device/virtual-clock.ts';
import { onlyGroupOf } from '../../support/plan/only-group.ts';

const startedAt = 1_700_000_000_000;

interface Bench {
  readonly clock: VirtualClock;
  readonly transport: SimulatedTransport;
  readonly listener: TransportListener;
}

function message(text: string): IncomingMessage {
  const payload = Buffer.from(text);
  return { topic: 'stampede-control/test-run', payload, qos: 0, dup: false, retain: true };
}

/** A control channel in virtual time: what it received, and when it gave up. */
async function watch(behaviour: Behaviour, forMs: number, script: (bench: Bench) => void = () => undefined) {
  const clock = new VirtualClock(startedAt);
  const events: { what: string; afterMs: number }[] = [];
  const clientIds: string[] = [];
  let bench: Bench | undefined;
  let caughtUpAfterMs: number | undefined;
  const over = new Promise<void>((resolve) => clock.setTimer(forMs, resolve));
  const channel = openControlChannel({
    runId: 'test-run',
    slice: 3,
    clock,
    transport: (listener, clients) => {
      const transport = new SimulatedTransport(clock, behaviour, listener);
      clientIds.push(clients.clientId(0));
      bench = { clock, transport, listener };
      return transport;
    },
    onAction: ({ at, action }) =>
      events.push({ what: `${action.kind} ${action.reason} (${at})`, afterMs: clock.now() - startedAt }),
    onLost: (reason) => events.push({ what: reason, afterMs: clock.now() - startedAt }),
  });
  if (bench === undefined) throw new Error('no transport was made');
  void channel.caughtUp.then(() => {
    caughtUpAfterMs = clock.now() - startedAt;
  });
  script(bench);
  await clock.runUntil(over);
  await channel.close();
  const { connectedAtMs, subscriptions, closed } = bench.transport;
  const topics = subscriptions.map(({ filter }) => filter);
  return { events, topics, clientIds, caughtUpAfterMs, connects: connectedAtMs.length, closed };
}

const away = 'the control channel was away for 30 s';

describe('the control channel of an MQTT slice', () => {
  it('is a device of its own on the run’s control topic', async () => {
    const { topics, clientIds, connects, closed, events } = await watch({}, 120_000);
    expect(topics).toEqual(['stampede-control/test-run']);
    expect(clientIds).toEqual(['stampede-test-run-control-3']);
    expect({ connects, closed, events }).toEqual({ connects: 1, closed: true, events: [] });
  });

  it('receives announcements, and takes the instant of receipt where one names none', async () => {
    const say = (bench: Bench, text: string) => bench.listener.received(0, message(text));
    const { events } = await watch({}, 5_000, (bench) => {
      bench.clock.setTimer(500, () => say(bench, 'hello'));
      bench.clock.setTimer(1_000, () => say(bench, '{"command":"stop"}'));
      bench.clock.setTimer(2_000, () => say(bench, '{"command":"stop","reason":"enough","at":7}'));
    });
    expect(events).toEqual([
      { what: `stop undefined (${startedAt + 1_000})`, afterMs: 1_000 },
      { what: 'stop enough (7)', afterMs: 2_000 },
    ]);
  });

  it('has received an earlier stop by its first message, or soon after it connects', async () => {
    const settledAfterMs = async (
      behaviour: Behaviour,
      messageAfterMs?: number,
    ): Promise<number | undefined> => {
      const clock = new VirtualClock(startedAt);
      const over = new Promise<void>((resolve) => clock.setTimer(60_000, resolve));
      let settledAt: number | undefined;
      const channel = openControlChannel({
        runId: 'test-run',
        slice: 0,
        clock,
        transport: (listener) => {
          const say = () => listener.received(0, message('{"command":"stop"}'));
          if (messageAfterMs !== undefined) clock.setTimer(messageAfterMs, say);
          return new SimulatedTransport(clock, behaviour, listener);
        },
        onAction: () => undefined,
        onLost: () => undefined,
      });
      void channel.caughtUp.then(() => {
        settledAt = clock.now();
      });
      await clock.runUntil(over);
      await channel.close();
      return settledAt && settledAt - startedAt;
    };
    const connectMs = 40;
    expect(await settledAfterMs({ connect: () => connectMs })).toBe(connectMs + 250);
    expect(await settledAfterMs({ connect: () => connectMs }, 60)).toBe(60);
    expect(await settledAfterMs({ connect: () => 'ECONNREFUSED' })).toBeGreaterThanOrEqual(30_000);
  });

  it('gives up 30 s after it lost its connection and got none again', async () => {
    const refused: Behaviour = { connect: (_device, now) => (now > startedAt + 5_000 ? 'ECONNREFUSED' : 5) };
    const { events } = await watch(refused, 120_000, ({ clock, transport }) => {
      clock.setTimer(10_000, () => transport.cut(0));
    });
    expect(events).toHaveLength(1);
    expect(events[0]?.what).toBe(away);
    expect(events[0]?.afterMs).toBeGreaterThanOrEqual(40_000);
    expect(events[0]?.afterMs).toBeLessThan(41_500);
  });

  it('gives up 30 s after the start where it never connected', async () => {
    const { events } = await watch({ connect: () => 'NotAuthorized' }, 120_000);
    expect(events.map(({ what }) => what)).toEqual([away]);
    expect(events[0]?.afterMs).toBeLessThan(31_500);
  });

  it('comes back from an absence of less than 30 s, however often', async () => {
    const { events, connects, topics } = await watch(
      {
        connect: (_device, now) =>
          (now - startedAt) % 40_000 < 25_000 && now > startedAt + 40_000 ? 'no' : 5,
      },
      400_000,
      ({ clock, transport }) => {
        for (let at = 40_000; at < 400_000; at += 40_000) clock.setTimer(at, () => transport.cut(0));
      },
    );
    expect(events).toEqual([]);
    expect(connects).toBe(10);
    // A subscription ends with its connection.
    expect(topics.length).toBe(10);
  });

  it('gives up at once where the topic is refused: that will not change', async () => {
    const { events } = await watch({}, 5_000, ({ clock, listener }) => {
      clock.setTimer(100, () => listener.subscribeRefused(0, 'stampede-control/test-run', 'NotAuthorized'));
      clock.setTimer(200, () => listener.subscribeRefused(0, 'stampede-control/test-run', 'NotAuthorized'));
    });
    expect(events).toEqual([{ what: 'the control topic was refused: NotAuthorized', afterMs: 100 }]);
  });

  it('subscribes again where the topic was refused for a quota, and has not caught up until then', async () => {
    const refusals = ['QuotaExceeded', 'UnspecifiedError'];
    const { events, connects, caughtUpAfterMs } = await watch({ subscribe: () => refusals.shift() }, 60_000);
    expect({ events, connects }).toEqual({ events: [], connects: 1 });
    // Connected after 5 ms; refused twice, 2 ms after each SUBSCRIBE; again a second later; and then a quarter of a second.
    expect(caughtUpAfterMs).toBe(5 + 2 * (2 + 1_000) + 250);
  });

  it('gives up where the topic is refused for 30 s', async () => {
    const { events } = await watch({ subscribe: () => 'QuotaExceeded' }, 120_000);
    expect(events.map(({ what }) => what)).toEqual([away]);
    expect(events[0]?.afterMs).toBeGreaterThanOrEqual(30_000);
    expect(events[0]?.afterMs).toBeLessThan(31_500);
  });

  it('subscribes again where no SUBACK comes, and has not caught up until one does', async () => {
    const answers = [null, null];
    const { events, connects, topics, caughtUpAfterMs } = await watch(
      { subscribe: () => answers.shift() },
      60_000,
    );
    expect({ events, connects, subscribes: topics.length }).toEqual({
      events: [],
      connects: 1,
      subscribes: 3,
    });
    // Connected after 5 ms; 5 s for each SUBACK that does not come, and a second until the next SUBSCRIBE.
    expect(caughtUpAfterMs).toBe(5 + 2 * (5_000 + 1_000) + 250);
  });

  it('gives up where no SUBACK comes for 30 s, though the connection stays', async () => {
    const { events, connects } = await watch({ subscribe: () => null }, 120_000);
    expect(connects).toBe(1);
    expect(events.map(({ what }) => what)).toEqual([away]);
    expect(events[0]?.afterMs).toBeGreaterThanOrEqual(30_000);
    expect(events[0]?.afterMs).toBeLessThan(37_000);
  });

  it('is away from its first connection on where each connection ends before its SUBACK', async () => {
    const { events } = await watch({ subscribe: () => null }, 120_000, ({ clock, transport }) => {
      for (let at = 1_000; at < 120_000; at += 1_000) clock.setTimer(at, () => transport.cut(0));
    });
    expect(events.map(({ what }) => what)).toEqual([away]);
    expect(events[0]?.afterMs).toBeLessThan(32_500);
  });

  it('pings often enough to notice a connection that died silently', () => {
    const plan = makeTestPlan({ connect: { keepAliveMs: 1_200_000, cleanStart: false } });
    expect(controlProfileOf(onlyGroupOf(plan).profile, true).connect).toMatchObject({
      keepAliveMs: 30_000,
      cleanStart: true,
    });
    expect(onlyGroupOf(plan).profile.connect.keepAliveMs).toBe(1_200_000);
  });
});
