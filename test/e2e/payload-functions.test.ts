import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectAsync, type MqttClient } from 'mqtt';
import { runCli, startCli } from '../support/cli/run-cli.ts';
import { type EndedRehearsal, startRehearsal } from '../support/run/rehearsal.ts';

const profiles = fileURLToPath(new URL('../../profiles/own-payload/', import.meta.url));
const support = fileURLToPath(new URL('../support/device/', import.meta.url));
const load = { devices: 2, ratePerSecond: 20, duration: '3s' };
const encodingOf = (name: string) => ({ module: { file: './broken-payloads.mjs', function: name } });

describe('plan', () => {
  it.each([
    [
      'throwsAtOnce',
      /publish\.encoding\.module: your function throwsAtOnce of broken-payloads\.mjs failed for message 0 of device d0: TypeError: .*\(broken-payloads\.mjs:4:\d+\)/,
    ],
    ['notAFunction', /which exports no function notAFunction\n {4}→ it exports throwsAtOnce, throwsLater/],
  ])('ends with 2 and what is wrong with %s', async (name, text) => {
    const input = JSON.stringify({ ...load, publish: { encoding: encodingOf(name) } });
    const { code, stderr } = await startCli(['plan', '-'], {}, { cwd: support, input }).result;
    expect(stderr).toMatch(text);
    expect(code).toBe(2);
  });

  it('takes the size of the first message', async () => {
    const { code, stdout } = await runCli(['plan', path.join(profiles, 'meters.json'), '--json']);
    expect(code).toBe(0);
    const { plan } = JSON.parse(stdout) as { plan: { profile: { messages: { publish: object }[] } } };
    expect(plan.profile.messages.map(({ publish }) => publish)).toMatchObject([
      { encoding: { module: { file: path.join(profiles, 'meter-frame.mjs'), sampleBytes: 10 } } },
      { encoding: { module: { function: 'asText', sampleBytes: 'd0;0;1200'.length } } },
    ]);
  });
});

describe('a run with payload functions', () => {
  let rehearsal: Awaited<ReturnType<typeof startRehearsal>>;
  let reader: MqttClient;
  const seen: { readonly topic: string; readonly payload: Buffer }[] = [];

  beforeAll(async () => {
    rehearsal = await startRehearsal({ parameters: { payloads: 'any' } });
    const [endpoint = ''] = (rehearsal.aws.environment.IOT_ENDPOINT ?? '').split(',');
    reader = await connectAsync(endpoint, { protocolVersion: 5 });
    reader.on('message', (topic, payload) => seen.push({ topic, payload }));
    await reader.subscribeAsync('stampede/#');
  });
  afterAll(async () => {
    await reader.endAsync();
    await rehearsal.close();
  });

  it('sends what they return, and counts every message', async () => {
    const file = path.join(profiles, 'meter-frame.mjs');
    const payload = { startWh: 1_000 };
    const messages = {
      frame: { encoding: { module: { file } }, payload },
      line: {
        topic: '{topicRoot}/{runId}/{deviceId}/line',
        encoding: { module: { file, function: 'asText' } },
        payload,
      },
    };
    const https = { ...load, connect: { protocol: 'https' }, messages };
    const { report, recorded } = await rehearsal.run({
      drain: '2s',
      groups: { mqtt: { ...load, messages }, https },
    });
    const { sent } = report.messages;
    expect(sent).toBeGreaterThan(0);
    expect(report.messages).toMatchObject({ received: sent, lost: 0, duplicates: 0 });
    expect(recorded.sent).toBe(sent);
    const ofMqtt = seen.filter(({ topic }) => /\/d[01]\//.test(topic));
    const lines = ofMqtt.filter(({ topic }) => topic.endsWith('/line'));
    const frames = ofMqtt.filter(({ topic }) => topic.endsWith('/telemetry'));
    expect(lines.length + frames.length).toBe(report.groups![0]!.messages.sent);
    for (const { topic, payload: text } of lines)
      expect(String(text)).toMatch(new RegExp(`^${topic.split('/').at(-2)};\\d+;1000$`));
    for (const { payload: frame } of frames) {
      expect(frame).toHaveLength(10);
      expect(frame[9]).toBe(frame.subarray(0, 9).reduce((sum, byte) => (sum + byte) % 256));
    }
    // Over HTTPS the envelope is the line before the payload.
    const overHttps = seen.find(({ topic }) => /\/d[23]\/line$/.test(topic));
    expect(String(overHttps?.payload)).toMatch(/^\{"stampede":\{.*\}\}\nd[23];\d+;1000$/);
  });

  it('ends where one fails, with its error, and a ledger that balances', async () => {
    const file = path.join(support, 'broken-payloads.mjs');
    const encoding = { module: { file, function: 'throwsLater' } };
    const { report }: EndedRehearsal = await rehearsal.run({ ...load, drain: '1s', publish: { encoding } });
    expect(report.imbalances).toEqual([]);
    expect(report.verdict).toBe('failed');
    expect(report.reasons.join()).toMatch(
      /your function throwsLater of broken-payloads\.mjs failed for message 3 of device d\d: RangeError: no fourth message \(broken-payloads\.mjs:8:\d+\)/,
    );
    const { intended, sent, dropped, received } = report.messages;
    expect([intended, received]).toEqual([sent + dropped, sent]);
  });
});
