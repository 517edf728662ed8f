import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RequestCounters } from '../../../src/device/request-counters.ts';
import { SliceCounters } from '../../../src/device/slice-counters.ts';
import type { DueSeconds, HoldSeconds } from '../../../src/measure/hold-seconds.ts';
import {
  addBuckets,
  bucketPercentile,
  type EncodedBuckets,
  latencyBuckets,
} from '../../../src/measure/latency-buckets.ts';
import type { EncodedLatencySeconds } from '../../../src/measure/latency-seconds.ts';
import { sumOf } from '../../../src/shared/counts.ts';
import { makeTestPlan, type SimulatedRun, simulate } from '../../support/device/make-run.ts';
import { randomCases } from '../../support/effort.ts';
import { withSearch } from '../../support/search/search-plan.ts';

const ackTimeoutMs = 1_000;

type Answer = number | 'throttled' | 'failed' | undefined;

/** What became of each message of a run, by its due second and its number alone. */
interface Message {
  readonly second: number;
  readonly fate: string;
  readonly ackMs?: number | undefined;
  readonly lagMs?: number;
}

function expectedOf({ transport, plan, result }: SimulatedRun, answerOf: (n: number) => Answer): Message[] {
  const published = new Map(transport.published.map((each) => [each.n, each]));
  return Array.from({ length: result.messages.intended }, (_, n) => {
    const sent = published.get(n);
    // An even rate: the middle of its own turn.
    const atMs = plan.timeline.publishAt + ((n + 0.5) * 1_000) / (plan.load.messages / seconds);
    const second = Math.floor(Number(atMs.toFixed(3)) / 1_000);
    if (sent === undefined) return { second, fate: 'dropped' };
    const answer = answerOf(n);
    const lagMs = sent.atMs - atMs;
    if (typeof answer === 'string') return { second, fate: answer, lagMs };
    if (answer === undefined || answer > ackTimeoutMs) return { second, fate: 'unacknowledged', lagMs };
    return { second, fate: 'acked', ackMs: answer, lagMs };
  });
}

const seconds = 4;

function bySecond(encoded: EncodedBuckets = [], startSecond: number): Map<number, number> {
  const counts = new Map<number, number>();
  let second = startSecond;
  for (let i = 0; i < encoded.length; i += 2) {
    second += encoded[i]!;
    counts.set(second, encoded[i + 1]!);
    second++;
  }
  return counts;
}

function countedOf(messages: readonly Message[], is: (message: Message) => boolean): Map<number, number> {
  const counts = new Map<number, number>();
  for (const message of messages)
    if (is(message)) counts.set(message.second, (counts.get(message.second) ?? 0) + 1);
  return counts;
}

function samplesOf(encoded: EncodedLatencySeconds = {}): Map<number, number> {
  return new Map(
    Object.entries(encoded).map(([second, buckets]) => [
      Number(second),
      sumOf(buckets.filter((_, i) => i % 2 === 1)),
    ]),
  );
}

const answers = fc.array(
  fc.oneof(
    fc.integer({ min: 1, max: 1_500 }),
    fc.constantFrom('throttled' as const, 'failed' as const, undefined),
  ),
  { minLength: 1, maxLength: 12 },
);

describe('what a slice of a run with a search records by second', () => {
  it('is what becomes of the messages that are due in it, whenever that is known', async () => {
    await fc.assert(
      fc.asyncProperty(answers, fc.integer({ min: 1, max: 20 }), async (pattern, maxUnacknowledged) => {
        const answerOf = (n: number): Answer => pattern[n % pattern.length];
        const plan = withSearch(
          makeTestPlan({
            devices: 3,
            ratePerSecond: 30,
            seconds,
            publish: { maxUnacknowledged, ackTimeoutMs },
          }),
        );
        const run = await simulate({ plan, behaviour: { publish: (_device, n) => answerOf(n) } });
        const messages = expectedOf(run, answerOf);
        const { startSecond } = run.result.perSecond;
        const [stream] = (run.result.holds as HoldSeconds).streams as [DueSeconds];
        const recorded = (name: keyof DueSeconds['fates']) => bySecond(stream.fates[name], startSecond);
        expect(bySecond(stream.intended, startSecond)).toEqual(countedOf(messages, () => true));
        for (const fate of ['acked', 'throttled', 'failed', 'unacknowledged'] as const)
          expect([fate, recorded(fate)]).toEqual([fate, countedOf(messages, (each) => each.fate === fate)]);
        expect(recorded('backlog')).toEqual(countedOf(messages, ({ fate }) => fate === 'dropped'));
        expect(samplesOf(stream.latencies.puback_round_trip)).toEqual(
          countedOf(messages, ({ fate }) => fate === 'acked'),
        );
        const isSent = ({ lagMs }: Message) => lagMs !== undefined;
        expect(samplesOf(stream.latencies.send_lag)).toEqual(countedOf(messages, isSent));
        for (const [second, buckets] of Object.entries(stream.latencies.send_lag ?? {})) {
          const lags = messages.filter((each) => isSent(each) && each.second === Number(second));
          const longest = Math.max(...lags.map(({ lagMs }) => lagMs!));
          const counts = new Uint32Array(latencyBuckets);
          addBuckets(counts, buckets);
          expect(Math.abs(bucketPercentile(counts, 1)! - longest)).toBeLessThan(0.016 * longest + 0.002);
        }
      }),
      randomCases(20),
    );
  });

  it('is nothing in a run without one', async () => {
    const { result } = await simulate({ ratePerSecond: 30, seconds: 1 });
    expect(result.holds).toBeUndefined();
  });

  it('says of users by the second in which they wanted to send', async () => {
    const plan = withSearch(
      makeTestPlan({ devices: 4, seconds: 3, users: { thinkTime: { kind: 'constant', ms: 90 } } }),
    );
    const { result } = await simulate({ plan, behaviour: { publish: () => 10 } });
    const [stream] = (result.holds as HoldSeconds).streams as [DueSeconds];
    const { startSecond, intended } = result.perSecond;
    expect(bySecond(stream.intended, startSecond)).toEqual(
      new Map(intended.flatMap((count, i) => (count > 0 ? [[startSecond + i, count]] : []))),
    );
    expect(bySecond(stream.fates.acked, startSecond)).toEqual(bySecond(stream.intended, startSecond));
  });

  it('has no late timers in virtual time, and the connects of all devices', async () => {
    const { result } = await simulate({ plan: withSearch(makeTestPlan({ devices: 5, seconds: 2 })) });
    const { loopDelay, latencies, connectsFailed, reconnects } = result.holds as HoldSeconds;
    const ticks = Object.values(loopDelay);
    expect(ticks.length).toBeGreaterThan(2);
    for (const buckets of ticks) expect(buckets[0]).toBe(ticks[0]![0]);
    expect(sumOf([...samplesOf(latencies.connect).values()])).toBe(5);
    expect([connectsFailed, reconnects]).toEqual([[], []]);
  });

  it('has response times by status of the answer', () => {
    const startMs = 1_700_000_000_000;
    const counters = new SliceCounters(1, startMs, {
      streams: 1,
      echoRanksOf: undefined,
      hasUsers: false,
      haveNames: false,
      recordsLateSends: false,
      recordsHolds: true,
      acknowledgement: 'puback_round_trip',
    });
    counters.requests = new RequestCounters(() => ({ connections: 1, bytesOut: 0, bytesIn: 0 }));
    for (let n = 0; n < 6; n++) {
      counters.intended(startMs + n * 500, 0, n);
      const message = { token: n, device: 0, stream: 0, n, sentMs: startMs + n * 500, isAccepted: false };
      const isFine = n % 3 !== 0;
      // The answers come a second later than the messages were due.
      const answeredMs = message.sentMs + 1_000;
      counters.answered(message, isFine ? 200 : 503, answeredMs, isFine ? undefined : 'failed');
    }
    const [stream] = counters.result(startMs + 9_000, []).holds!.streams as [DueSeconds];
    const second = startMs / 1_000;
    expect(samplesOf(stream.latencies.response_time)).toEqual(
      new Map([second, second + 1, second + 2].map((each) => [each, 2])),
    );
    expect(Object.keys(stream.statuses!)).toEqual(['200', '503']);
    expect(samplesOf(stream.statuses!['503'])).toEqual(
      new Map([second, second + 1].map((each) => [each, 1])),
    );
    expect(bySecond(stream.fates.acked, second)).toEqual(
      new Map([
        [second, 1],
        [second + 1, 1],
        [second + 2, 2],
      ]),
    );
    expect(bySecond(stream.fates.failed, second)).toEqual(
      new Map([second, second + 1].map((each) => [each, 1])),
    );
  });
});
