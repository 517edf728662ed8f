import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkLedger } from '../../../../src/measure/check-ledger.ts';
import { IntervalSet } from '../../../../src/measure/interval-set.ts';
import { LatencyHistogram } from '../../../../src/measure/latency-histogram.ts';
import { makeLedger } from '../../../../src/measure/ledger.ts';
import { countStartedBefore } from '../../../../src/measure/leg-totals.ts';
import { makeRandom } from '../../../../src/shared/random.ts';
import { type SimulatedRun, type SimulationOptions, simulate } from '../../../support/device/make-run.ts';
import type { Published } from '../../../support/device/simulated-transport.ts';
import { randomCases } from '../../../support/effort.ts';

const second = 1_000;

function sentOf({ result }: SimulatedRun, stream = 0): IntervalSet {
  return IntervalSet.decode(result.streams[stream]!.sent);
}

function expectBalanced(run: SimulatedRun, qos = 1): void {
  const { result, checkpoints, transport, plan } = run;
  for (const { messages } of [...checkpoints, result]) {
    expect(messages.intended).toBe(messages.sent + messages.dropped);
    if (qos === 1) {
      expect(messages.sent).toBe(
        messages.acked + messages.throttled + messages.failed + messages.unacknowledged,
      );
    }
  }
  expect(transport.published.length).toBe(result.messages.sent);
  expect(sentOf(run).count).toBe(result.messages.sent);
  // Numbered in the order of their intended times, without a gap but for what was dropped.
  expect(sentOf(run).end).toBeLessThanOrEqual(result.messages.intended);
  if (result.streams.length === 1) expectOrdered(run);
  const ledger = makeLedger(plan);
  ledger.addSlice(result);
  expect(checkLedger(ledger.close())).toEqual([]);
}

/** A message has the number that its second gives it: the ledger bounds by it what a subscriber may have missed. */
function expectOrdered({ result: { perSecond }, transport }: SimulatedRun): void {
  const started = { startSecond: perSecond.startSecond, counts: perSecond.intended };
  const outOfOrder = transport.published
    .map(({ message }) => (JSON.parse(message) as { stampede: { n: number; at: number } }).stampede)
    .filter(({ n, at }) => {
      const startsAt = Math.floor(at / second) * second;
      return n < countStartedBefore(started, startsAt) || n >= countStartedBefore(started, startsAt + second);
    });
  expect(outOfOrder).toEqual([]);
}

function instantsOf({ transport, plan }: SimulatedRun, device: number): number[] {
  return transport.published
    .filter((message) => message.device === device)
    .map(({ atMs }) => atMs - plan.timeline.publishAt);
}

/** The envelope's `at`: when the user wanted to send. */
function wantedAt({ message }: Published): number {
  return (JSON.parse(message) as { stampede: { at: number } }).stampede.at;
}

describe('the closed model', () => {
  it('sends, waits for the answer and thinks', async () => {
    const run = await simulate({
      devices: 20,
      seconds: 10,
      behaviour: { publish: () => 10 },
      users: { thinkTime: { kind: 'constant', ms: 90 } },
    });
    expectBalanced(run);
    expect(run.result.outcome).toBe('completed');
    expect(run.result.messages).toMatchObject({ intended: 2_000, sent: 2_000, acked: 2_000, dropped: 0 });
    expect(run.transport.mostUnanswered).toBe(1);
    expect(instantsOf(run, 7)).toEqual(Array.from({ length: 100 }, (_, k) => k * 100));
  });

  // X = N ÷ (Z + R): messages a second of N users with think time Z and answer time R.
  const answers: [string, number, (random: () => number) => number][] = [
    ['after 20 ms', 20, () => 20],
    ['after 910 ms', 910, () => 910],
    ['after 50 to 150 ms', 100, (random) => 50 + 100 * random()],
    ['after 10 ms, one in ten after 500 ms', 59, (random) => (random() < 0.1 ? 500 : 10)],
  ];
  const thinkTimes = [
    [0, { kind: 'constant', ms: 0 }],
    [400, { kind: 'uniform', minMs: 200, maxMs: 600 }],
    [250, { kind: 'exponential', meanMs: 250 }],
    [300, { kind: 'normal', meanMs: 300, sdMs: 60 }],
  ] as const;
  it.each(
    answers.flatMap(([name, answerMs, draw]) =>
      thinkTimes.map(([thinkMs, thinkTime]) => ({ name, answerMs, draw, thinkMs, thinkTime })),
    ),
  )('follows the formula: answers $name, think time of $thinkMs ms ($thinkTime.kind)', async (each) => {
    const { answerMs, draw, thinkMs, thinkTime } = each;
    const random = makeRandom(7, 0);
    // Some 6,000 messages: the fewest of which 2 % is more than chance.
    const seconds = Math.min(120, Math.ceil((thinkMs + answerMs) * 0.12));
    const run = await simulate({
      devices: 50,
      seconds,
      publish: { ackTimeoutMs: 5_000 },
      behaviour: { publish: () => draw(random) },
      users: { thinkTime },
    });
    expectBalanced(run);
    const perSecond = run.result.messages.sent / seconds;
    const predicted = (50 * second) / (thinkMs + answerMs);
    expect(Math.abs(perSecond / predicted - 1)).toBeLessThan(0.02);
  });

  it('sends less while the service is slow, where the open model would not', async () => {
    const slow = { publish: () => 910 };
    const thinkTime = { kind: 'constant', ms: 90 } as const;
    const closed = await simulate({ devices: 20, seconds: 10, behaviour: slow, users: { thinkTime } });
    expectBalanced(closed);
    expect(closed.result.messages.sent).toBe(20 * 10);
    const open = await simulate({ devices: 20, ratePerSecond: 200, seconds: 10, behaviour: slow });
    expect(open.result.messages.sent).toBe(2_000);
    expect(open.transport.mostUnanswered).toBeGreaterThan(1);
  });

  it('paces each user, and does not catch up with what a slow answer cost', async () => {
    const run = await simulate({
      devices: 3,
      seconds: 10,
      behaviour: { publish: (_device, n) => (n < 3 ? 950 : 10) },
      users: { throughputPerUser: 5 },
    });
    expectBalanced(run);
    // The first answer took 950 ms; from then on one each 200 ms.
    expect(instantsOf(run, 0)).toEqual([0, ...Array.from({ length: 46 }, (_, k) => 950 + k * 200)]);
  });

  it('at QoS 0 goes on as soon as a message is sent', async () => {
    const run = await simulate({
      devices: 5,
      seconds: 4,
      publish: { qos: 0 },
      users: { thinkTime: { kind: 'constant', ms: 100 } },
    });
    expectBalanced(run, 0);
    expect(run.result.messages).toMatchObject({ sent: 5 * 40, acked: 0 });
  });

  it('thinks as the seed says, for each device and message, however slices are cut', async () => {
    const thinkTime = { kind: 'exponential', meanMs: 200 } as const;
    const options: SimulationOptions = {
      devices: 8,
      seconds: 5,
      behaviour: { publish: () => 10 },
      users: { thinkTime },
    };
    const [once, again] = await Promise.all([simulate(options), simulate(options)]);
    const halves = await Promise.all([0, 1].map((slice) => simulate({ ...options, slices: 2, slice })));
    for (let device = 0; device < 8; device++) {
      const instants = instantsOf(once, device);
      expect(new Set(instants).size).toBe(instants.length);
      expect(instantsOf(again, device)).toEqual(instants);
      const thinks = (all: number[]) => all.slice(1).map((at, i) => Math.round(at - all[i]!));
      expect(thinks(instantsOf(halves[Math.floor(device / 4)]!, device % 4))).toEqual(thinks(instants));
    }
  });

  it('has as many users as its stages say, and counts them', async () => {
    const run = await simulate({
      devices: 40,
      behaviour: { publish: () => 10 },
      users: { startUsers: 0, thinkTime: { kind: 'constant', ms: 90 } },
      stages: [
        { seconds: 4, users: 40 },
        { seconds: 4, users: 40 },
        { seconds: 2, users: 10 },
        { seconds: 4, users: 10 },
      ],
    });
    expectBalanced(run);
    const { users = [], startSecond } = run.result.perSecond;
    const first = Math.floor(run.plan.timeline.publishAt / second) - startSecond;
    // Just before the end of each second, which begins with the stages: U(t), rounded up.
    expect(users.slice(first, first + 15)).toEqual([
      10, 20, 30, 40, 40, 40, 40, 40, 26, 11, 10, 10, 10, 10, 0,
    ]);
    const stageEnds = run.result.streams[0]!.stageEnds!;
    expect(stageEnds.length).toBe(3);
    const [ramp = 0, full = 0, down = 0] = stageEnds;
    const all = run.result.messages.sent;
    for (const [count, expected] of [
      [ramp, 40 * 4 * 5],
      [full - ramp, 40 * 4 * 10],
      [down - full, 25 * 2 * 10],
      [all - down, 10 * 4 * 10],
    ] as const)
      expect(Math.abs(count - expected)).toBeLessThanOrEqual(45);
    // Numbers are those of the stages, to the message.
    const wantedBy = (ms: number) =>
      run.transport.published.filter((each) => wantedAt(each) < run.plan.timeline.publishAt + ms).length;
    expect(stageEnds).toEqual([4_000, 8_000, 10_000].map(wantedBy));
  });

  it('goes on after answers that never come, refusals and lost connections, and its ledger balances', async () => {
    const run = await simulate({
      devices: 10,
      seconds: 10,
      behaviour: {
        publish: (_device, n) => (n % 7 === 0 ? undefined : n % 5 === 0 ? 'throttled' : 10),
      },
      users: { thinkTime: { kind: 'constant', ms: 90 } },
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

  it('drops what waited for a connection for too long, and goes on', async () => {
    const run = await simulate({
      devices: 4,
      seconds: 6,
      behaviour: { publish: () => 10, connect: (device) => (device === 3 ? 'refused' : 5) },
      users: { thinkTime: { kind: 'constant', ms: 490 } },
    });
    expectBalanced(run);
    // It wants each 1,000 ms (the ack timeout) and 490 ms: at 0, 1.49, 2.98, 4.47 and 5.96 s.
    expect(run.result.droppedBy).toEqual({ 'not-connected': 5 });
    expect(run.result.messages.sent).toBe(3 * 12);
  });

  it('measures from when the user wanted to send', async () => {
    const run = await simulate({
      devices: 2,
      seconds: 4,
      behaviour: { publish: () => 10, isFull: (device, nowMs) => device === 1 && nowMs % 1_000 < 300 },
      users: { thinkTime: { kind: 'constant', ms: 90 } },
    });
    expectBalanced(run);
    expect(LatencyHistogram.decode(run.result.latencies.send_lag).percentileAt(100)).toBeGreaterThan(100);
  });

  it('stops in the middle: what a user wanted to send is dropped', async () => {
    const run = await simulate({
      devices: 10,
      seconds: 10,
      behaviour: { publish: () => 10, connect: (device) => (device === 3 ? 'refused' : 5) },
      users: { thinkTime: { kind: 'constant', ms: 90 } },
      stopAfterMs: 5_540,
    });
    expectBalanced(run);
    expect(run.result).toMatchObject({ outcome: 'stopped', droppedBy: { stopped: 1 } });
    const stoppedAt = run.plan.timeline.createdAt + 5_540;
    for (const { atMs } of run.transport.published) expect(atMs).toBeLessThanOrEqual(stoppedAt);
    expect(run.result.perSecond.users?.at(-1)).toBe(0);
  });

  it('has a stream of its own for devices that echo, and each echo is known to the message', async () => {
    const run = await simulate({
      devices: 10,
      seconds: 5,
      echoFraction: 0.3,
      behaviour: {
        publish: () => 10,
        echoes: (device) => (device % 10 >= 3 ? [[device, 8]] : [[device, 8]]),
      },
      users: { thinkTime: { kind: 'exponential', meanMs: 90 } },
    });
    const { streams, observed, messages } = run.result;
    expect(streams.length).toBe(2);
    const [echoing, others] = streams.map(({ sent }) => IntervalSet.decode(sent));
    expect(echoing!.count + others!.count).toBe(messages.sent);
    expect(observed!.echo).toEqual({ arrivals: echoing!.count, seen: [streams[0]!.sent, []] });
    const byDevice = Map.groupBy(run.transport.published, ({ device }) => device);
    const inEchoes = [...byDevice.values()].filter(([first]) => !first!.message.includes('"stream":1'));
    expect(inEchoes.length).toBe(3);
    expect(inEchoes.flat().length).toBe(echoing!.count);
  });

  it('balances whatever the service does', async () => {
    const answer = fc.oneof(
      fc.integer({ min: 0, max: 2_500 }),
      fc.constantFrom('throttled' as const, 'failed' as const),
      fc.constant(undefined),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(answer, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 0, max: 400 }),
        fc.array(fc.integer({ min: 2_000, max: 9_000 }), { maxLength: 10 }),
        fc.option(fc.integer({ min: 500, max: 9_000 }), { nil: undefined }),
        async (answers, thinkMs, cuts, stopAfterMs) => {
          const run = await simulate({
            devices: 6,
            behaviour: { publish: (_device, n) => answers[n % answers.length] },
            users: { startUsers: 2, thinkTime: { kind: 'uniform', minMs: 20, maxMs: 20 + thinkMs } },
            stages: [
              { seconds: 2, users: 6 },
              { seconds: 1, users: 6 },
              { seconds: 2, users: 1 },
            ],
            ...(stopAfterMs === undefined ? {} : { stopAfterMs }),
            script: (clock, transport) => {
              for (const [i, ms] of cuts.entries()) clock.setTimer(ms, () => transport.cut(i % 6));
            },
          });
          expectBalanced(run);
        },
      ),
      randomCases(60),
    );
  });
});
