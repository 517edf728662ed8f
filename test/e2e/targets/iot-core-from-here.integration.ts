import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type EmbeddedAws, startEmbeddedAws } from '../../../src/embedded/process/start-embedded-aws.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { makeWorkplace, runCli, type Workplace } from '../../support/cli/run-cli.ts';

// AWS IoT Core with no stack: the embedded one of another process, over TLS, as if it were another account's.

const profile = {
  name: 'here',
  devices: 10,
  ratePerSecond: 10,
  duration: '10s',
  connect: { ratePerSecond: 50 },
};

let workplace: Workplace;
let iotCore: EmbeddedAws;
beforeAll(async () => {
  workplace = makeWorkplace();
  iotCore = await startEmbeddedAws({ runsDirectory: path.join(workplace.directory, 'other') });
});
afterAll(async () => {
  await iotCore.close();
  workplace.remove();
});

it('is loaded from this machine, with its quotas and cost, and a subscriber counts the arrivals', async () => {
  const { IOT_ENDPOINT = '', IOT_CA_FILE: ca = '' } = iotCore.environment;
  const [, port] = /mqtts:\/\/127\.0\.0\.1:(\d+)\?auth=x509/.exec(IOT_ENDPOINT) ?? [];
  const of = (name: string) => path.join(path.dirname(ca), name);
  const { stdout, stderr } = await runCli([
    ...[
      'run',
      workplace.writeProfile('here.json', profile),
      '--runs',
      path.join(workplace.directory, 'runs'),
    ],
    ...['--target', `mqtts://127.0.0.1:${port}?region=eu-west-1`],
    ...['--ca', ca, '--cert', of('device.pem'), '--key', of('device.key')],
  ]);
  const [, file = ''] = /^\s*(\S+report\.json)$/m.exec(`${stdout}${stderr}`) ?? [];
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  expect(report.devices).toMatchObject({ planned: 10, connected: 10 });
  expect(report.messages).toMatchObject({ intended: 100, lost: 0 });
  expect(report.messages.received).toBeGreaterThan(0);
  expect(Object.keys(report.observers)).toEqual(['subscriber']);
  expect(report.conditions).toMatchObject({ isRehearsal: false, target: `mqtts://127.0.0.1:${port}` });
  expect(report.quotas.map(({ quota }) => quota)).toContain('publishInPerSecond');
  expect(report.assumedLimits).toContain('eu-west-1');
  expect(report.reconciliation).toEqual([]);
  // Lambda, Step Functions and the queue run here: only IoT Core is on the bill.
  expect(report.cost?.lines.every(({ line }) => line.startsWith('iot-'))).toBe(true);
  expect(report.cost?.lines.some(({ line }) => line === 'iot-rules')).toBe(false);
});
