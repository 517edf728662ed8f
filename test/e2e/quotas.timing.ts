import { beforeAll, describe, expect, it } from '@jest/globals';
import type { QuotasReport } from '../../src/embedded/iot-core/http/admin-api.ts';
import { fetchAdmin } from '../../src/embedded/iot-core/http/admin-client.ts';
import { renderTerminalSummary } from '../../src/report/terminal-summary.ts';
import type { QuotaName } from '../../src/targets/aws-iot/quotas.ts';
import { falseClaims, type Known } from '../support/run/recorded-truth.ts';
import { type EndedRehearsal, startRehearsal } from '../support/run/rehearsal.ts';

// Profiles that go past one quota each: what the report says was refused is what the service refused, to the message.

interface Case {
  readonly quota: QuotaName;
  readonly metric: string;
  readonly limits: Partial<Record<QuotaName, number>>;
  readonly profile?: object;
  /** What the profile goes past the quota by, and how far the milliseconds of publishes and seconds may move that. */
  readonly refused: { readonly about: number; readonly within: number };
  /** Where the refused are in the ledger. */
  readonly column: 'unacknowledged' | 'throttled' | 'lost' | 'none';
}

/** 4 s at 100/s from 10 devices: 400 publishes. */
const load = {
  devices: 10,
  connect: { client: 'dense', ratePerSecond: 50 },
  ratePerSecond: 100,
  duration: '4s',
  publish: { ackTimeout: '1s' },
  slices: { devicesPerSlice: 10 },
  drain: '1s',
  limits: { enforce: false },
  thresholds: { throttled: ['count==0'] },
};

/** A quota of r a second, idle before, grants r · (4 + 1) of a load that lasts 4 s. */
const loadSeconds = 4 + 1;

const cases: readonly Case[] = [
  {
    quota: 'publishInPerSecond',
    metric: 'PublishIn.Throttle',
    limits: { publishInPerSecond: 60 },
    refused: { about: 400 - 60 * loadSeconds, within: 12 },
    column: 'unacknowledged',
  },
  {
    quota: 'publishInPerSecond',
    metric: 'PublishIn.Throttle',
    limits: { publishInPerSecond: 20 },
    // Signed requests take a busy machine longer than MQTT: an answer must not come too late to count, and what is sent
    // later is granted more.
    profile: { connect: { protocol: 'https' }, publish: { ackTimeout: '20s' } },
    refused: { about: 400 - 20 * loadSeconds, within: 100 },
    column: 'throttled',
  },
  {
    quota: 'publishInPerSecond',
    metric: 'PublishIn.Throttle',
    limits: { publishInPerSecond: 60 },
    profile: { publish: { qos: 0 } },
    refused: { about: 400 - 60 * loadSeconds, within: 12 },
    column: 'lost',
  },
  {
    quota: 'publishesPerSecondPerConnection',
    metric: 'Throttle.Exceeded',
    limits: { publishesPerSecondPerConnection: 5 },
    refused: { about: 10 * (40 - 5 * loadSeconds), within: 12 },
    column: 'unacknowledged',
  },
  {
    quota: 'publishOutPerSecond',
    metric: 'PublishOut.Throttle',
    limits: { publishOutPerSecond: 50 },
    profile: { echo: { fraction: 1 } },
    refused: { about: 400 - 50 * loadSeconds, within: 12 },
    column: 'none',
  },
  {
    quota: 'ruleEvaluationsPerSecond',
    metric: 'RuleMessageThrottled',
    limits: { ruleEvaluationsPerSecond: 70 },
    refused: { about: 400 - 70 * loadSeconds, within: 12 },
    column: 'lost',
  },
];

/** Clients retry refused connects and subscribes, so the count depends on the clients' timeouts. */
const retried: readonly Case[] = [
  {
    quota: 'connectsPerSecond',
    metric: 'Connect.Throttle',
    limits: { connectsPerSecond: 4 },
    refused: { about: 20, within: 19 },
    column: 'none',
  },
  {
    quota: 'concurrentConnections',
    metric: 'Connect.Throttle',
    // The control channel is the fifth.
    limits: { concurrentConnections: 5 },
    refused: { about: 40, within: 38 },
    column: 'none',
  },
  {
    quota: 'subscribesPerSecond',
    metric: 'Subscribe.Throttle',
    limits: { subscribesPerSecond: 3 },
    profile: { echo: { fraction: 1 } },
    refused: { about: 7, within: 6 },
    column: 'none',
  },
];

/** 90/s of 8 KB on one connection: 700 KB/s where 512 KB/s are let through. */
const delayed: Case = {
  quota: 'bytesPerSecondPerConnection',
  metric: '',
  limits: {},
  profile: {
    devices: 1,
    ratePerSecond: 90,
    publish: { sizeBytes: 8_000, ackTimeout: '5s' },
    slices: { devicesPerSlice: 1 },
  },
  refused: { about: 0, within: 0 },
  column: 'none',
};

interface Outcome extends EndedRehearsal {
  readonly service: QuotasReport;
}

async function rehearse({ limits, profile = {} }: Case): Promise<Outcome> {
  const rehearsal = await startRehearsal({ limits });
  try {
    const ended = await rehearsal.run({ ...load, ...profile });
    const service = (await (await fetchAdmin(rehearsal.aws, '/quotas')).json()) as QuotasReport;
    return { ...ended, service };
  } finally {
    await rehearsal.close();
  }
}

// They mostly wait, so they wait together; four at a time, for the sake of small machines.
const atOnce = 4;
const refusing = [...cases, ...retried];
const all = [...refusing, delayed];
const outcomes: Outcome[] = [];
beforeAll(async () => {
  const rest = all.entries();
  const worker = async (): Promise<void> => {
    for (const [i, each] of rest) outcomes[i] = await rehearse(each);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
});

it('delays what is past the bytes of a connection: nothing is lost, and the report says which quota that is', () => {
  const { report, service } = outcomes.at(-1)!;
  expect(service.refusals.bytesPerSecondPerConnection).toBeGreaterThan(0);
  expect(report.messages).toMatchObject({ sent: 360, acked: 360, lost: 0 });
  expect(falseClaims(outcomes.at(-1)!, { intended: 360 })).toEqual([]);
  expect(report.throttling.publishes).toBe(0);
  expect(report.latencyMs.puback_round_trip.max).toBeGreaterThan(100);
  expect(report.bindingQuota).toMatchObject({
    quota: 'bytesPerSecondPerConnection',
    sentence: expect.stringContaining('delayed'),
  });
});

describe.each(refusing.map((each, i) => ({ ...each, i })))('past $quota, seen in $column', (expected) => {
  const { quota, metric, refused, column, i } = expected;

  it('reports what the service refused, to the message, and as much as the profile goes past it', () => {
    const { report, service } = outcomes[i]!;
    expect(service.refusals[quota]).toBeGreaterThanOrEqual(refused.about - refused.within);
    expect(service.refusals[quota]).toBeLessThanOrEqual(refused.about + refused.within);
    expect(report.throttling.refusals.find((each) => each.quota === quota)).toMatchObject({
      metric,
      count: service.refusals[quota],
    });
    if (column !== 'none') expect(report.messages[column]).toBe(service.refusals[quota]);
    const known: Known = { intended: 400, connectsHinderedBy: ['quota', 'endpoint'] };
    expect(falseClaims(outcomes[i]!, known)).toEqual([]);
    expect(report.reconciliation.every(({ unexplained }) => unexplained === 0)).toBe(true);
  });

  it('names it as the binding quota, in the report and in the terminal', () => {
    const { report } = outcomes[i]!;
    expect(report.bindingQuota!.quota).toBe(quota);
    expect(renderTerminalSummary(report).replaceAll(/\s+/g, ' ')).toContain(report.bindingQuota!.sentence);
  });

  it('fails the threshold on throttled publishes, answered or not', () => {
    const { report } = outcomes[i]!;
    const isPublish = quota === 'publishInPerSecond' || quota === 'publishesPerSecondPerConnection';
    const throttled = isPublish ? outcomes[i]!.service.refusals[quota] : 0;
    expect(report.throttling.publishes).toBe(throttled);
    expect(report.thresholds[0]).toMatchObject({ actual: throttled, passed: throttled === 0 });
  });
});
