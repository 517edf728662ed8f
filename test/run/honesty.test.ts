import { afterEach, describe, expect, it } from '@jest/globals';
import type { WeatherReport } from '../../src/embedded/iot-core/weather.ts';
import { type Rehearsal, startRehearsal } from './rehearsal.ts';

// Whole runs against a service with known faults: what the report says must be what the service did.

const load = {
  devices: 40,
  connect: { client: 'dense', ratePerSecond: 400 },
  ratePerSecond: 400,
  duration: '4s',
  slices: { devicesPerSlice: 20 },
  drain: '1s',
};

let rehearsal: Rehearsal;
afterEach(() => rehearsal.close());

const weather = async (): Promise<WeatherReport> =>
  (await (await fetch(`${rehearsal.aws.adminUrl}/weather`)).json()) as WeatherReport;

describe('a run against a service that', () => {
  it('does what it should: balances to the message, and agrees with CloudWatch', async () => {
    rehearsal = await startRehearsal();
    const { execution, report } = await rehearsal.run(load);
    expect(execution.status).toBe('SUCCEEDED');
    expect(report.verdict).toBe('passed');
    expect(report.imbalances).toEqual([]);
    expect(report.messages).toMatchObject({
      intended: 1_600,
      sent: 1_600,
      dropped: 0,
      acked: 1_600,
      arrivals: 1_600,
      received: 1_600,
      duplicates: 0,
      lost: 0,
    });
    expect(report.cloudwatch['PublishIn.Success']).toBe(1_600);
  }, 60_000);

  it('drops 1% of deliveries: lost is exactly what was dropped', async () => {
    rehearsal = await startRehearsal({ weather: { dropDeliveries: 0.01 } });
    const { execution, report } = await rehearsal.run(load);
    const { droppedDeliveries } = await weather();
    expect(droppedDeliveries).toBeGreaterThan(0);
    expect(report.messages.lost).toBe(droppedDeliveries);
    expect(report.messages.received).toBe(1_600 - droppedDeliveries);
    expect(report.messages.acked).toBe(1_600);
    expect(report.imbalances).toEqual([]);
    expect(execution).toMatchObject({ status: 'FAILED', error: 'ThresholdsFailed' });
  }, 60_000);

  it('pauses for a second: the percentiles show it, and transit beside them shows what they corrected', async () => {
    rehearsal = await startRehearsal();
    // 10/s a device with at most 2 on the way: through the pause, 8 of 10 publishes wait in the device.
    const { report } = await rehearsal.run({ ...load, publish: { maxUnacknowledged: 2 } }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      const url = `${rehearsal.aws.adminUrl}/weather`;
      const answer = await fetch(url, { method: 'POST', body: JSON.stringify({ pauseMs: 1_000 }) });
      expect(answer.status).toBe(200);
    });
    const { end_to_end_latency, puback_round_trip, transit, send_lag } = report.latencyMs;
    expect(report.messages).toMatchObject({ intended: 1_600, dropped: 0, lost: 0 });
    expect(end_to_end_latency.p99).toBeGreaterThan(900);
    expect(puback_round_trip.p99).toBeGreaterThan(900);
    // A quarter of the messages were intended within the pause: from the intended instant one in ten is late by far.
    expect(end_to_end_latency.p90).toBeGreaterThan(400);
    expect(transit.p90).toBeLessThan(100);
    expect(send_lag.p90).toBeGreaterThan(400);
  }, 60_000);
});
