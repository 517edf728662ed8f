import { expect, it } from '@jest/globals';
import { IntervalSet } from '../../../../src/measure/interval-set.ts';
import { draftPlan } from '../../../../src/plan/make-plan.ts';
import { type ScheduledStream, streamsOf } from '../../../../src/plan/streams.ts';
import { parseProfile } from '../../../../src/targets/parse-profile.ts';
import { simulate } from '../../../support/device/make-run.ts';

const burst = { count: 8, spacing: '100ms', everySeconds: 6 };

it.each<[string, object, boolean]>([
  ['at random', { ratePerSecond: 30, arrivals: 'poisson' }, true],
  ['with jitter', { everySeconds: 0.4, jitter: '400ms' }, true],
  ['in bursts', { burst }, true],
  ['in bursts together', { burst, together: true, jitter: '2s' }, true],
  ['together', { everySeconds: 4, together: true, jitter: '4s' }, false],
])(
  'a device sends in order what is due %s, later if it must wait, and drops what waits too long',
  async (_, load, drops) => {
    const profile = parseProfile({
      devices: 12,
      duration: '30s',
      ...load,
      publish: { ackTimeout: '1s', maxUnacknowledged: 1 },
    });
    const { plan } = draftPlan({ profile, runId: 'r', now: 1e12 });
    const { publishAt } = plan.timeline;
    // With one message in flight, slow answers make others wait.
    const { transport, result } = await simulate({
      plan,
      behaviour: {
        publish: (device, n) => (device % 3 === 0 ? 700 : n % 5 === 0 ? 300 : 20),
      },
    });
    const { offsetMs, turns, messages } = streamsOf(plan, 0)[0] as ScheduledStream;
    const lastOf = new Map<number, number>();
    for (const { device, n, atMs } of transport.published) {
      expect(device).toBe(turns.deviceOf(n));
      expect(atMs).toBeGreaterThanOrEqual(publishAt + offsetMs(n) - 1e-3);
      expect(n).toBeGreaterThan(lastOf.get(device) ?? -1);
      lastOf.set(device, n);
    }
    const sent = IntervalSet.decode(result.streams[0]!.sent);
    expect(sent.count).toBe(transport.published.length);
    for (const { n } of transport.published) expect(sent.has(n)).toBe(true);
    expect(result.messages).toMatchObject({ intended: messages, sent: transport.published.length });
    expect(result.messages.dropped).toBe(messages - transport.published.length);
    expect(result.messages.dropped > 0).toBe(drops);
  },
  20_000,
);
