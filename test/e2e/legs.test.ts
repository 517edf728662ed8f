import { expect, it } from '@jest/globals';
import { startRehearsal } from '../support/run/rehearsal.ts';

// A run whose slices go on in a second Lambda: the state machine, the functions and the wire as they are, and IoT Core's own record.

it('loses no message, and sends none twice, when devices move to another leg', async () => {
  const rehearsal = await startRehearsal();
  try {
    const { report, recorded } = await rehearsal.run({
      devices: 20,
      ratePerSecond: 60,
      duration: '9s',
      legs: { length: '6s', overlap: '1s' },
      slices: { devicesPerSlice: 10 },
      drain: '2s',
      // A busy machine is late, and drops little for it.
      publish: { ackTimeout: '30s' },
    });
    expect(report.imbalances).toEqual([]);
    expect(report.slices).toMatchObject({ planned: 2, completed: 2 });
    const { intended, sent, dropped, acked, unacknowledged, received, lost, duplicates } = report.messages;
    expect(intended).toBe(540);
    expect(sent + dropped).toBe(intended);
    expect({ received, lost, duplicates }).toEqual({ received: sent, lost: 0, duplicates: 0 });
    // A device that moves waits for answers half a second at most.
    expect(acked + unacknowledged).toBe(sent);
    expect(recorded).toMatchObject({ sent, duplicates: 0, devices: 20 });
    expect(report.devices).toMatchObject({ connected: 20, reconnects: 0 });
    expect(report.latencyMs.handover?.count).toBe(20);
  } finally {
    await rehearsal.close();
  }
});
