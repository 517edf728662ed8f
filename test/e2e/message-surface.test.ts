import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MetricsReport } from '../../src/embedded/iot-core/http/admin-api.ts';
import { fetchAdmin } from '../../src/embedded/iot-core/http/admin-client.ts';
import { type EndedRehearsal, startRehearsal } from '../support/run/rehearsal.ts';
import { untilPublished } from '../support/run/until-published.ts';

const profile = {
  devices: 40,
  connect: {
    client: 'dense',
    ratePerSecond: 400,
    sessionExpiry: '60s',
    will: { topic: '{topicRoot}/{runId}/{deviceId}/will', payload: { state: 'lost' } },
  },
  publish: {
    retain: true,
    contentType: 'application/json',
    userProperties: { run: '{runId}', trace: '{{uuid}}' },
    messageExpiry: '60s',
    topicAlias: true,
  },
  ratePerSecond: 20,
  duration: '5s',
  drain: '1s',
};

describe('a run with wills, retained messages, properties and aliases', () => {
  let rehearsal: Awaited<ReturnType<typeof startRehearsal>>;
  let ended: EndedRehearsal;
  let metrics: MetricsReport['metrics'];

  const read = async (): Promise<MetricsReport['metrics']> =>
    ((await (await fetchAdmin(rehearsal.aws, '/metrics')).json()) as MetricsReport).metrics;
  const totalOf = (name: string): number =>
    metrics.reduce((sum, each) => (each.name === name ? sum + each.total : sum), 0);

  beforeAll(async () => {
    rehearsal = await startRehearsal();
    ended = await rehearsal.run(profile, async (plan) => {
      await untilPublished(rehearsal.aws, 40);
      await fetchAdmin(rehearsal.aws, '/faults', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ disconnect: 0.25, clients: `stampede-${plan.runId}-d` }),
      });
    });
    metrics = await read();
  });
  afterAll(() => rehearsal.close());

  it('accounts for every message, and counts the wills of the connections that were ended', () => {
    const { report } = ended;
    const { sent, received, lost, unacknowledged } = report.messages;
    expect(report.messages).toMatchObject({ intended: 100, duplicates: 0 });
    expect(received).toBe(sent - lost);
    // Only what was under way on one of the connections that were ended.
    expect(lost).toBeLessThanOrEqual(unacknowledged);
    expect(report.unrelated).toEqual({ notJson: 0, noEnvelope: 0 });
    // A quarter of 40 devices.
    expect(report.wills).toBe(10);
  });

  it('is retained by the service, all of it', () => {
    const { received } = ended.report.messages;
    expect(totalOf('PublishRetained.Success')).toBeGreaterThanOrEqual(received - 1);
  });
});
