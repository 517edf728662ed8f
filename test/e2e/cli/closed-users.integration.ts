import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import type { Report } from '../../../src/report/report-model.ts';
import { makeWorkplace, runCli } from '../../support/cli/run-cli.ts';

// Users over MQTT and over HTTPS beside devices that send by a schedule, in one rehearsal: real processes and real sockets.

const workplace = makeWorkplace();
afterAll(() => workplace.remove());

it('accounts for every message of open and closed groups, as the emulator counts them', async () => {
  const runs = path.join(workplace.directory, 'runs');
  const profile = workplace.writeProfile('users.json', {
    name: 'users',
    groups: {
      meters: { devices: 20, everySeconds: 2, duration: '8s' },
      people: {
        spawnPerSecond: 20,
        thinkTime: { exponential: '300ms' },
        stages: [
          { duration: '3s', target: 30 },
          { duration: '3s', target: 30 },
          { duration: '2s', target: 10 },
        ],
        echo: { fraction: 0.3 },
        slices: { devicesPerSlice: 15 },
      },
      shoppers: {
        users: 10,
        throughputPerUser: 5,
        duration: '6s',
        connect: { protocol: 'https' },
      },
    },
    drain: '3s',
  });
  const { code, stdout, stderr } = await runCli(['run', profile, '--runs', runs]);
  const runId = readdirSync(runs).find((name) => name.startsWith('users-')) ?? '';
  const report = JSON.parse(readFileSync(path.join(runs, runId, 'report.json'), 'utf8')) as Report;
  expect(report.imbalances).toEqual([]);
  expect(code).toBe(0);
  const { messages, groups = [], reconciliation, observers } = report;
  expect(report.load).toBe('mixed');
  expect(messages).toMatchObject({ lost: 0, unacknowledged: 0, failed: 0, dropped: 0, duplicates: 0 });
  expect(messages.received).toBe(messages.sent);
  expect(observers.echo).toMatchObject({ lost: 0 });
  expect(observers.echo!.due).toBeGreaterThan(20);
  for (const { cloudwatch, unexplained } of reconciliation)
    expect([cloudwatch, unexplained]).toEqual([expect.any(Number), 0]);
  const sentBy = Object.fromEntries(groups.map(({ group, messages: { sent } }) => [group, sent]));
  expect(sentBy.meters).toBe(80);
  // However slow the machine is: no more than the formula with answers at once, and more than one each.
  expect(sentBy.shoppers).toBeGreaterThan(10);
  expect(sentBy.shoppers).toBeLessThanOrEqual(10 * 31);
  expect(sentBy.people).toBeGreaterThan(30);
  expect(report.rates.peakUsers).toBeGreaterThan(10);
  expect(report.rates.peakUsers).toBeLessThanOrEqual(40);
  const due = groups.reduce(
    (sum, { load, messages: { intended } }) => (load === 'closed' ? sum : sum + intended),
    0,
  );
  expect(due).toBe(80);
  const [, all, scheduled, started] =
    /due +([\d,]+) += +intended +([\d,]+) +\+ +started +([\d,]+)/.exec(stdout) ?? [];
  const numberOf = (text = '') => Number(text.replaceAll(',', ''));
  expect([all, scheduled, started].map(numberOf)).toEqual([messages.intended, due, messages.intended - due]);
  expect(stdout).toMatch(/groups +devices +connected +intended +started +sent +dropped +received +lost\n/);
  expect(stderr).toMatch(/ publishing, .*users \d+\/\d+, rate/);
  expect(stdout).toMatch(/people 1 .* 0 → 30 users/);
  expect(stdout).toMatch(/users +[▁-█ ]+0 to \d+ active/);
});
