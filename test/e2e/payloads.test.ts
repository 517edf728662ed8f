import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Report } from '../../src/report/report-model.ts';
import { type Rehearsal, startRehearsal } from '../support/run/rehearsal.ts';

// One run with a kind of message for each encoding, and each place of the envelope: every message of each is found again behind the rule.

const kinds = {
  json: {},
  plain: { encoding: 'plain-json', payload: ['{{n}}', '{{uuid}}'], sizeBytes: 100 },
  text: { encoding: 'text', payload: 'v={{random(0, 9)}};' },
  bytes: { encoding: 'bytes', payload: '7e {{sequence}} {{randomBytes(300)}} 00' },
  protobuf: {
    encoding: { protobuf: { schema: 'message R { string id = 1; double v = 2; }', message: 'R' } },
    payload: { id: '{{deviceId}}', v: '{{random(0, 1)}}' },
  },
  sparkplug: { encoding: 'sparkplug-b', payload: { t: '{{gaussian(21, 2)}}' } },
  cbor: { encoding: 'cbor', payload: { t: '{{gaussian(21, 2)}}', on: true } },
};
const each = { devices: 2, ratePerSecond: 40, duration: '3s', echo: { fraction: 1 }, messages: kinds };
const { echo: _, ...silent } = each;
const groups = {
  dense: each,
  sdk: { ...each, connect: { client: 'device-sdk' } },
  old: { ...each, connect: { version: '3.1.1' } },
  http: { ...silent, connect: { protocol: 'https' } },
};

let rehearsal: Rehearsal;
let report: Report;
beforeAll(async () => {
  rehearsal = await startRehearsal({ parameters: { payloads: 'any' } });
  const run = await rehearsal.begin({ drain: '2s', groups });
  await run.executionEnded();
  const file = path.join(rehearsal.runsDirectory, run.runId, 'report.json');
  report = JSON.parse(await readFile(file, 'utf8')) as Report;
});
afterAll(() => rehearsal.close());

it('counts every message of every encoding', () => {
  expect(report.imbalances).toEqual([]);
  const { sent, received } = report.messages;
  expect(received).toBe(sent);
  const counted = report.groups!.flatMap(({ group, kinds: ofGroup = [] }) =>
    ofGroup.map(({ kind, messages }) => ({ of: `${group} ${kind}`, messages })),
  );
  expect(counted.map(({ of }) => of)).toEqual(
    Object.keys(groups).flatMap((group) => Object.keys(kinds).map((kind) => `${group} ${kind}`)),
  );
  for (const { of, messages } of counted) {
    expect({ of, isSent: messages.sent > 0 }).toEqual({ of, isSent: true });
    expect({ of, ...messages }).toMatchObject({ of, received: messages.sent, lost: 0, duplicates: 0 });
  }
  const echoed = report.groups!.filter(({ group }) => group !== 'http').map(({ messages }) => messages.sent);
  expect(report.latencyMs.echo_latency.count).toBe(echoed.reduce((sum, count) => sum + count));
});
