import { describe, expect, it } from '@jest/globals';
import type { Behaviour, MakeBehaviour } from '../../../../src/device/behaviours/behaviour.ts';
import type { DueMessage } from '../../../../src/device/sender.ts';
import { IntervalSet } from '../../../../src/measure/interval-set.ts';
import { type SimulatedRun, simulate } from '../../../support/device/make-run.ts';

// A second behaviour, to show that one is a file of its own: users who publish, wait for the answer, think, and publish again.

interface Users {
  readonly thinkMs: number;
  /** From `publishAt` on. */
  readonly forMs: number;
}

/** A user is in one of these states; a user that thinks has a timer, and one that waits has a message in flight. */
type User = 'thinks' | 'wants' | 'waits' | 'done';

function makeClosedModel({ thinkMs, forMs }: Users): MakeBehaviour {
  return ({ clock, sender, counters, devices, publishAt }): Behaviour => {
    const users: User[] = new Array(devices).fill('thinks');
    const wantedAt = new Float64Array(devices);
    const sentBy = new Uint32Array(devices);
    const message: DueMessage = { device: 0, stream: 0, n: 0, k: 0, atMs: 0 };
    let stopped = false;

    const want = (device: number): void => {
      if (stopped) return;
      const nowMs = clock.now();
      if (nowMs >= publishAt + forMs) {
        users[device] = 'done';
        return;
      }
      users[device] = 'wants';
      wantedAt[device] = nowMs;
      counters.intended(nowMs);
      trySend(device);
    };
    const trySend = (device: number): void => {
      if (users[device] !== 'wants' || !sender.canSend(device)) return;
      message.device = device;
      message.k = sentBy[device]!;
      message.atMs = wantedAt[device]!;
      if (!sender.send(message)) return;
      message.n++;
      sentBy[device] = message.k + 1;
      users[device] = 'waits';
      sender.flush();
    };
    const thinkThenWant = (device: number, ms: number): void => {
      users[device] = 'thinks';
      clock.setTimer(ms, () => want(device));
    };

    return {
      start() {
        for (let device = 0; device < devices; device++) thinkThenWant(device, publishAt - clock.now());
      },
      stop() {
        stopped = true;
        for (const user of users) if (user === 'wants') counters.dropped('stopped');
        users.fill('done');
      },
      tick() {},
      ready: trySend,
      disconnected() {},
      answered({ device }) {
        if (!stopped) thinkThenWant(device, thinkMs);
      },
      get sentAll() {
        return users.every((user) => user === 'done');
      },
      waiting() {
        const waiting = { 'not-connected': 0, backlog: 0 };
        for (const [device, user] of users.entries()) {
          if (user === 'wants') waiting[sender.isConnected(device) ? 'backlog' : 'not-connected']++;
        }
        return waiting;
      },
    };
  };
}

function expectBalanced({ result, checkpoints, transport }: SimulatedRun): void {
  for (const { messages } of [...checkpoints, result]) {
    expect(messages.intended).toBe(messages.sent + messages.dropped);
    expect(messages.sent).toBe(
      messages.acked + messages.throttled + messages.failed + messages.unacknowledged,
    );
  }
  expect(transport.published.length).toBe(result.messages.sent);
  // Numbered without a gap: as many as the highest number says.
  const sent = IntervalSet.decode(result.streams[0]!.sent);
  expect([sent.count, sent.has(sent.count - 1)]).toEqual([result.messages.sent, true]);
}

const users = { thinkMs: 90, forMs: 10_000 };

describe('a closed model', () => {
  it('publishes, waits and thinks: users ÷ (answer + think) messages a second', async () => {
    const run = await simulate({
      devices: 20,
      seconds: 10,
      behaviour: { publish: () => 10 },
      model: makeClosedModel(users),
    });
    expectBalanced(run);
    expect(run.result.outcome).toBe('completed');
    // One each 100 ms for 10 s.
    expect(run.result.messages).toMatchObject({ intended: 2_000, sent: 2_000, acked: 2_000, dropped: 0 });
    expect(run.transport.mostUnanswered).toBe(1);
    const own = run.transport.published.filter(({ device }) => device === 7);
    expect(own.map(({ atMs }) => atMs - run.plan.timeline.publishAt)).toEqual(
      Array.from({ length: 100 }, (_, k) => k * 100),
    );
  });

  it('sends less while the service is slow, where the open model would not', async () => {
    const slow = { publish: () => 910 };
    const closed = await simulate({
      devices: 20,
      seconds: 10,
      behaviour: slow,
      model: makeClosedModel(users),
    });
    expectBalanced(closed);
    expect(closed.result.messages.sent).toBe(20 * 10);
    const open = await simulate({ devices: 20, ratePerSecond: 200, seconds: 10, behaviour: slow });
    expect(open.result.messages.sent).toBe(2_000);
    expect(open.transport.mostUnanswered).toBeGreaterThan(1);
  });

  it('goes on after answers that never come, refusals and lost connections, and its ledger balances', async () => {
    const run = await simulate({
      devices: 10,
      seconds: 10,
      behaviour: {
        publish: (_device, n) => (n % 7 === 0 ? undefined : n % 5 === 0 ? 'throttled' : 10),
      },
      model: makeClosedModel(users),
      script: (clock, transport) => {
        for (let i = 0; i < 30; i++) clock.setTimer(3_000 + i * 250, () => transport.cut(i % 10));
      },
    });
    expectBalanced(run);
    expect(run.result.outcome).toBe('completed');
    expect(run.result.devices.reconnects).toBeGreaterThan(10);
    expect(run.result.messages.throttled).toBeGreaterThan(0);
    expect(run.result.messages.unacknowledged).toBeGreaterThan(0);
    for (let device = 0; device < 10; device++) {
      const last = run.transport.published.findLast((message) => message.device === device);
      expect(last!.atMs).toBeGreaterThan(run.plan.timeline.publishEndAt - 3_000);
    }
  });

  it('stops when it is stopped', async () => {
    const run = await simulate({
      devices: 10,
      seconds: 10,
      behaviour: { publish: () => 10, connect: (device) => (device === 3 ? 'refused' : 5) },
      model: makeClosedModel(users),
      stopAfterMs: 5_040,
    });
    expectBalanced(run);
    expect(run.result).toMatchObject({ outcome: 'stopped', droppedBy: { stopped: 1 } });
    const stoppedAt = run.plan.timeline.createdAt + 5_040;
    for (const { atMs } of run.transport.published) expect(atMs).toBeLessThanOrEqual(stoppedAt);
  });
});
