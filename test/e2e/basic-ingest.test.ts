import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MetricsReport } from '../../src/embedded/iot-core/http/admin-api.ts';
import { fetchAdmin } from '../../src/embedded/iot-core/http/admin-client.ts';
import { type EndedRehearsal, startRehearsal } from '../support/run/rehearsal.ts';

// Topics outside of what the rule reads: its name alone leads a message there. Clients with policies (by certificate, by the function's
// role over WebSocket and HTTPS) may publish by the rule's name too.
const publish = { basicIngest: true, topic: 'elsewhere/{runId}/{deviceId}' };
const each = { devices: 4, ratePerSecond: 10, duration: '8s', publish };
const groups = {
  dense: { ...each, publish: { ...publish, topicAlias: true } },
  certificate: { ...each, connect: { client: 'device-sdk', auth: 'x509' } },
  https: { ...each, connect: { protocol: 'https' } },
  signed: {
    devices: 4,
    duration: '8s',
    connect: { auth: 'sigv4', version: '3.1.1' },
    messages: {
      direct: { ratePerSecond: 5, ...publish },
      routed: { ratePerSecond: 2.5 },
    },
  },
};

describe('a run by Basic Ingest', () => {
  let rehearsal: Awaited<ReturnType<typeof startRehearsal>>;
  let ended: EndedRehearsal;
  let metrics: MetricsReport['metrics'];
  const totalOf = (name: string): number =>
    metrics.reduce((sum, metric) => (metric.name === name ? sum + metric.total : sum), 0);

  beforeAll(async () => {
    rehearsal = await startRehearsal();
    ended = await rehearsal.run({ drain: '2s', groups });
    metrics = ((await (await fetchAdmin(rehearsal.aws, '/metrics')).json()) as MetricsReport).metrics;
  });
  afterAll(() => rehearsal.close());

  it('delivers every message to the rule that it names, by the service’s own counts', () => {
    const { report, recorded } = ended;
    expect(report.imbalances).toEqual([]);
    const { sent } = report.messages;
    expect(report.messages).toMatchObject({ received: sent, lost: 0, duplicates: 0 });
    expect(recorded).toMatchObject({ sent, taken: sent, queued: sent, duplicates: 0 });
    expect(totalOf('TopicMatch')).toBe(sent);
    for (const { group, messages } of report.groups!) {
      expect({ group, isSent: messages.sent > 0 }).toEqual({ group, isSent: true });
      expect({ group, received: messages.received }).toEqual({ group, received: messages.sent });
    }
  });

  it('is forecast and counted without messaging, but for the kind of message that goes to the broker', () => {
    const { groups: ofGroups = [], messages, cost } = ended.report;
    const routed = ofGroups.flatMap(({ kinds = [] }) => kinds).find(({ kind }) => kind === 'routed');
    const lineOf = (id: string) => cost?.lines.find(({ line }) => line === id);
    expect(lineOf('iot-publish-in')).toMatchObject({
      forecast: { quantity: 20 },
      used: { quantity: routed?.messages.sent },
    });
    expect(lineOf('iot-rules')).toMatchObject({
      forecast: { quantity: 300 },
      used: { quantity: messages.sent },
    });
  });
});
