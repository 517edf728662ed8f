import { describe, expect, it } from '@jest/globals';
import { ReplyDeadlines } from '../../../src/device/reply-deadlines.ts';
import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { commandStreamsOf, downlinksOf } from '../../../src/plan/downlinks.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';

const startMs = 1_700_000_000_000;
const timeoutMs = 3_000;

/** Two of three devices reply. */
function deadlinesOf(address: 'device' | 'broadcast') {
  const profile = parseLoadProfile({
    duration: '10s',
    groups: {
      meters: { devices: 2, idle: true, reply: { delay: '10ms..20ms' } },
      silent: { devices: 1, idle: true },
      operator: { from: 'backend', command: { address }, ratePerSecond: 4 },
    },
  });
  const { plan } = draftPlan({ runId: 'run', profile, now: startMs });
  const [stream] = downlinksOf(plan).flatMap(commandStreamsOf);
  return new ReplyDeadlines(stream!, timeoutMs);
}

const first = (count: number) => {
  const numbers = new IntervalSet();
  numbers.addRange(0, count);
  return numbers;
};

describe('replies that have timed out so far', () => {
  it('are those to commands that were sent a timeout ago, without the ones that came', () => {
    const deadlines = deadlinesOf('device');
    const replied = new IntervalSet();
    expect(deadlines.timedOut(first(6), replied, startMs)).toBe(0);
    // Commands 0 and 3 are for device 0; 2 and 5 for the one that does not reply.
    replied.add(0);
    replied.add(3);
    expect(deadlines.timedOut(first(9), replied, startMs + 1_000)).toBe(0);
    expect(deadlines.timedOut(first(9), replied, startMs + timeoutMs)).toBe(0);
    expect(deadlines.timedOut(first(9), replied, startMs + timeoutMs + 1)).toBe(2);
    // A reply to a command that still has time changes nothing.
    replied.add(7);
    expect(deadlines.timedOut(first(9), replied, startMs + timeoutMs + 2)).toBe(2);
    expect(deadlines.timedOut(first(9), replied, startMs + timeoutMs + 1_001)).toBe(3);
  });

  it('are all that did not come once nothing is waited for', () => {
    const deadlines = deadlinesOf('device');
    const sent = first(6);
    sent.add(7);
    const replied = new IntervalSet();
    replied.add(0);
    expect(deadlines.timedOut(sent, replied, startMs)).toBe(0);
    // Of 0, 1, 3, 4 and 7; 6 was dropped.
    expect(deadlines.timedOut(sent, replied, Number.POSITIVE_INFINITY)).toBe(4);
  });

  it('are one for each device that replies to a broadcast', () => {
    const deadlines = deadlinesOf('broadcast');
    const replied = first(2);
    expect(deadlines.timedOut(first(2), replied, startMs)).toBe(0);
    expect(deadlines.timedOut(first(2), replied, startMs + timeoutMs + 1)).toBe(2);
  });
});
