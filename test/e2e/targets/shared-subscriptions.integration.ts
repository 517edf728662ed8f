import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Rehearsal, startRehearsal } from '../../support/run/rehearsal.ts';

// IoT Core lets a connection receive 100 messages a second: its subscriber takes several, which share their filters.

let rehearsal: Rehearsal;
beforeAll(async () => {
  rehearsal = await startRehearsal();
});
afterAll(() => rehearsal.close());

describe('a subscriber beside the rule', () => {
  it.each(['sigv4', 'x509', 'custom'])('shares its filters between connections with %s', async (auth) => {
    const { report } = await rehearsal.run({
      devices: 40,
      ratePerSecond: 200,
      duration: '3s',
      connect: { auth },
      observers: ['rule', 'subscriber'],
      drain: '2s',
    });
    // Each connection connects once more at the end, so that no session stays.
    expect(report.subscribers).toMatchObject({ isShared: true, connects: 6, refusedBy: {}, gaps: 0 });
    const { rule, subscriber } = report.observers;
    expect(rule).toMatchObject({ received: 600, lost: 0 });
    expect(subscriber).toMatchObject({ received: 600, duplicates: 0, lost: 0 });
  });
});
