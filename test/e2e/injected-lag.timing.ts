import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LatencyHistogram } from '../../src/measure/latency-histogram.ts';
import type { SliceResult } from '../../src/measure/slice-result.ts';
import { groupOfSlice } from '../../src/plan/groups.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { type EndedRehearsal, type Rehearsal, startRehearsal } from '../support/run/rehearsal.ts';

const delayMs = 1_000;
const clients = {
  dense: { client: 'dense' },
  sdk: { client: 'device-sdk', auth: 'x509' },
  http: { protocol: 'https' },
};

/** Few messages of each device, so that none waits for the answer to the one before it. */
const profile = {
  network: 'none',
  groups: Object.fromEntries(
    Object.entries(clients).map(([name, connect]) => [name, { devices: 12, ratePerSecond: 6, connect }]),
  ),
  duration: '5s',
  timeline: [{ at: '1s', network: { delay: `${delayMs}ms` } }],
  publish: { ackTimeout: '30s' },
  drain: '3s',
  thresholds: { lost_messages: [], unacknowledged_messages: [], dropped_messages: [] },
};

let rehearsal: Rehearsal;
let ended: EndedRehearsal;
let plan: Plan;
let slices: readonly SliceResult[];
beforeAll(async () => {
  rehearsal = await startRehearsal();
  const run = await rehearsal.begin(profile);
  [plan, ended] = [await run.plan(), await run.ended()];
  slices = await run.slices();
});
afterAll(() => rehearsal.close());

describe('a delay of the network', () => {
  it.each(Object.keys(clients))('is in the answers to %s, and never in its send lag', (name) => {
    const [slice] = slices.filter((each) => groupOfSlice(plan, each.slice).group === name);
    const { latencies, messages, network } = slice!;
    const median = (of: 'send_lag' | 'puback_round_trip') =>
      LatencyHistogram.decode(latencies[of]).percentileAt(50);
    expect(messages).toMatchObject({ intended: 30 });
    // Four of five messages were sent with it.
    expect(network!.up.packets).toBeGreaterThan(0);
    expect(median('puback_round_trip')).toBeGreaterThanOrEqual(2 * delayMs);
    expect(median('send_lag')).toBeLessThan(delayMs / 10);
  });

  it('leaves a report that balances', () => {
    expect(ended.report.imbalances).toEqual([]);
  });
});
