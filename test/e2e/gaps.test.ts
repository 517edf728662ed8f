import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectAsync, type MqttClient } from 'mqtt';
import type { MetricsReport } from '../../src/embedded/iot-core/http/admin-api.ts';
import { fetchAdmin } from '../../src/embedded/iot-core/http/admin-client.ts';
import { type EndedRehearsal, startRehearsal } from '../support/run/rehearsal.ts';

// A whole run of devices that wait between half a second and one and a half after each message: what the plan intended is what the
// service took, and a client that is not Stampede's sees the gaps.

const devices = 30;
const seconds = 10;
const gap = { least: 500, most: 1_500 };

let rehearsal: Awaited<ReturnType<typeof startRehearsal>>;
let reader: MqttClient;
let ended: EndedRehearsal;
let publishedIn = 0;
/** By topic, which is a device's own: when its messages were due and when they came, epoch milliseconds. */
const seen = new Map<string, { readonly dueAt: number; readonly cameAt: number }[]>();

beforeAll(async () => {
  rehearsal = await startRehearsal();
  const [endpoint = ''] = (rehearsal.aws.environment.IOT_ENDPOINT ?? '').split(',');
  reader = await connectAsync(endpoint, { protocolVersion: 5 });
  reader.on('message', (topic, payload) => {
    const { stampede } = JSON.parse(String(payload)) as { stampede: { at: number } };
    const messages = seen.get(topic) ?? [];
    seen.set(topic, messages);
    messages.push({ dueAt: stampede.at, cameAt: Date.now() });
  });
  await reader.subscribeAsync('stampede/#');
  ended = await rehearsal.run({
    devices,
    everySeconds: `${gap.least / 1_000}..${gap.most / 1_000}`,
    duration: `${seconds}s`,
    drain: '2s',
    publish: { ackTimeout: '30s' },
  });
  const { metrics } = (await (await fetchAdmin(rehearsal.aws, '/metrics')).json()) as MetricsReport;
  // Over HTTPS the run's control topic is cleared.
  for (const { name, dimensions, total } of metrics)
    if (name === 'PublishIn.Success' && dimensions.Protocol === 'MQTT') publishedIn += total;
});
afterAll(async () => {
  await reader.endAsync();
  await rehearsal.close();
});

describe('a run whose gaps follow a distribution', () => {
  it('sends what the plan intended, which the service took and the rule received', () => {
    const { report, recorded } = ended;
    const { intended, sent, received } = report.messages;
    expect(report.imbalances).toEqual([]);
    // A device's first message comes somewhere within a gap, and the mean of gaps is a second.
    expect(Math.abs(intended / (devices * seconds) - 1)).toBeLessThan(0.1);
    expect([sent, received, recorded.sent, publishedIn]).toEqual([intended, intended, intended, intended]);
    expect([...seen.values()].flat()).toHaveLength(intended);
  });

  it('keeps to it device by device, as a client of another make sees it', () => {
    expect(seen.size).toBe(devices);
    const gaps = [...seen.values()].flatMap((messages) =>
      messages.slice(1).map(({ dueAt }, i) => dueAt - messages[i]!.dueAt),
    );
    for (const ms of gaps) {
      expect(ms).toBeGreaterThanOrEqual(gap.least);
      expect(ms).toBeLessThanOrEqual(gap.most);
    }
    // Kolmogorov and Smirnov: of n draws from it, no share differs from the uniform distribution's by more than 1.95 ÷ √n, but in one of
    // a thousand seeds; the profile's seed is always the same. A run cuts off long gaps rather than short ones, by one a device.
    const sorted = gaps.toSorted((a, b) => a - b);
    const distances = sorted.map((ms, i) =>
      Math.abs((i + 0.5) / sorted.length - (ms - gap.least) / (gap.most - gap.least)),
    );
    expect(sorted.length).toBeGreaterThan(200);
    expect(Math.max(...distances)).toBeLessThan(1.95 / Math.sqrt(sorted.length) + 1 / seconds);
  });

  it('has the same gaps between arrivals, but for what the machine delays', () => {
    const off = [...seen.values()].flatMap((messages) =>
      messages
        .slice(1)
        .map(({ dueAt, cameAt }, i) => Math.abs(cameAt - messages[i]!.cameAt - (dueAt - messages[i]!.dueAt))),
    );
    const median = off.toSorted((a, b) => a - b)[Math.floor(off.length / 2)]!;
    expect(median).toBeLessThan(100);
  });
});
