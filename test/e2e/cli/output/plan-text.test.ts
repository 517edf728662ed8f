import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mostSummaryLines, renderPlanSummary } from '../../../../src/cli/output/plan-summary.ts';
import { renderPlanBrief, renderPlanPage } from '../../../../src/cli/output/plan-text.ts';
import { draftRun } from '../../../../src/cli/run/draft-run.ts';
import { defaultDeployment } from '../../../../src/plan/deployment.ts';
import { RefusedByPreflightError } from '../../../../src/plan/refusals.ts';
import { parseLoadProfile } from '../../../../src/profile/parse.ts';
import { accountLimitsOf } from '../../../../src/targets/aws-iot/quotas.ts';
import { parseProfile } from '../../../../src/targets/parse-profile.ts';
import { makeWorkplace, runCli, type Workplace } from '../../../support/cli/run-cli.ts';
import { goldenIn } from '../../../support/golden.ts';

const expectGolden = goldenIn('cli');

const ramp = {
  name: 'ramp',
  devices: 1_234,
  publish: { sizeBytes: 512 },
  stages: [
    { duration: '30s', target: 2_000 },
    { duration: '5m', target: 2_000 },
    { duration: '10s', target: 0 },
  ],
  echo: { fraction: 0.01 },
};
const million = {
  name: 'million',
  devices: 1_000_000,
  ratePerSecond: 20_000,
  duration: '5m',
  connect: { ratePerSecond: 3_000 },
};
const overHttps = {
  name: 'https',
  devices: 40,
  everySeconds: 5,
  duration: '1m',
  connect: { protocol: 'https' },
};

const users = {
  name: 'users',
  users: 500,
  spawnPerSecond: 100,
  thinkTime: '1s..2s',
  duration: '1m',
};

/** Three days of the same curve, in legs. */
const days = {
  name: 'days',
  devices: 1_234,
  startRate: 20,
  stages: [
    {
      hours: [20, 10, 10, 10, 20, 50, 99, 99, 99, 80, 80, 80, 80, 70, 70, 70, 80, 99, 99, 90, 70, 50, 40, 30],
      days: 3,
    },
  ],
  timeline: [{ at: '48h', rate: '1.5x' }],
};

const search = {
  name: 'search',
  devices: 200,
  publish: { ackTimeout: '1s', sizeBytes: 256 },
  ratePerSecond: 800,
  search: { from: 500, to: 4_000, settle: '1s', hold: '3s' },
};

const objective = {
  ...search,
  name: 'objective',
  search: { hold: { metric: 'end_to_end_latency p(99)', at: 500 }, from: 500, to: 4_000, for: '2m' },
};

/** The payload grows by a few bytes with every setting that profiles get: not what these pages are about. */
function withoutPayloadBytes(page: string): string {
  return page
    .replace(/(state payload +)[\d,]{3,5}( bytes +262,144 bytes +)[\d.]+ %/, '$1 ###$2 ## %')
    .replace(/(input of (?:the execution|Plan) +)[\d,]{3,5} bytes/g, '$1 ### bytes');
}

describe('plan page', () => {
  it.each(Object.entries({ ramp, million, overHttps, users, days }))('of %s', (name, profile) => {
    const { plan, preflight } = draftRun(parseLoadProfile(profile), {
      now: new Date('2026-01-01T00:00:00Z'),
      random: 0.5,
    });
    const page = renderPlanPage({ plan, preflight });
    for (const line of page) expect(line.length).toBeLessThanOrEqual(100);
    const text = [...page, '', '--- brief', ...renderPlanBrief(plan, preflight), ''].join('\n');
    expectGolden(`plan-${name}.txt`, withoutPayloadBytes(text));
  });
});

it.each(Object.entries({ search, objective }))(
  'plan page of a %s has what it may come to',
  (name, profile) => {
    const { plan, preflight } = draftRun(parseLoadProfile(profile), {
      now: new Date('2026-01-01T00:00:00Z'),
      random: 0.5,
    });
    const page = renderPlanPage({ plan, preflight }, { columns: 100 });
    const text = [...page, '', '--- brief', ...renderPlanBrief(plan, preflight), ''].join('\n');
    expectGolden(`plan-${name}.txt`, withoutPayloadBytes(text));
  },
);

it.each([
  ['connects', {}],
  ['devices', {}],
  ['devices', { everySeconds: 10 }],
])('plan page of a search of %s has no curve of a rate that does not change: %j', (of, load) => {
  const profile = { name: 'levels', ...load, search: { of, from: 50, to: 200, settle: '1s', hold: '3s' } };
  const page = renderPlanPage(draftRun(parseLoadProfile(profile)));
  expect(page.some((line) => /busiest|█/.test(line))).toBe(false);
  expect(page[page.indexOf('  time') - 1]).toBe('');
  expect(page[page.indexOf('  time') - 2]).toMatch(/^ {2}\S/);
});

it.each(Object.entries({ ramp, million, overHttps, search, objective }))(
  'plan page of %s fits a narrow terminal',
  (_, profile) => {
    const { plan, preflight } = draftRun(
      parseLoadProfile({ ...profile, limits: { maxCostUsd: 20, enforce: false } }),
    );
    const full = renderPlanPage({ plan, preflight });
    const words = (page: readonly string[]) => page.join(' ').split(/\s+/).toSorted();
    for (const columns of [100, 80]) {
      const page = renderPlanPage({ plan, preflight }, { columns });
      for (const line of page) expect(line.length).toBeLessThanOrEqual(columns);
      expect(words(page)).toEqual(words(full));
    }
  },
);

const fleet = {
  name: 'fleet',
  groups: Object.fromEntries(
    Array.from({ length: 12 }, (_, i) => [`group-${i}`, { devices: 100 * (i + 1), everySeconds: 5 + i }]),
  ),
  duration: '1m',
  timeline: [5, 10, 15, 20, 25].map((at) => ({ at: `${at}s`, group: 'group-3', rate: `${at}x` })),
};
const kinds = {
  name: 'kinds',
  devices: 500,
  duration: '1m',
  messages: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`kind-${i}`, { everySeconds: 5 + i }])),
  limits: { maxCostUsd: 0.01, enforce: false },
};

describe('plan summary', () => {
  it.each(Object.entries({ ramp, million, overHttps, users, days, search, objective, fleet, kinds }))(
    'of %s fits on one screen of 80, 100 and 120 columns',
    (_, profile) => {
      const { plan, preflight } = draftRun(parseLoadProfile(profile));
      for (const columns of [80, 100, 120, undefined]) {
        const page = renderPlanSummary({ plan, preflight }, { columns });
        expect(page.length).toBeLessThanOrEqual(mostSummaryLines);
        for (const line of page) expect(line.length).toBeLessThanOrEqual(columns ?? 1_000);
        const text = page.join('\n');
        expect(text).toContain(`quotas      ${nearestOf(preflight)}: `);
        for (const label of ['devices', 'messages', 'time', 'lambda', 'cost', 'passes if'])
          expect(text).toMatch(new RegExp(`^ {2}${label} +\\S`, 'm'));
      }
    },
  );

  it('counts what it leaves out, and has the quotas that a plan is past first', () => {
    const { plan, preflight } = draftRun(parseLoadProfile({ ...fleet, connect: { ratePerSecond: 900 } }));
    const page = renderPlanSummary({ plan, preflight }, { columns: 100 });
    expect(page).toHaveLength(mostSummaryLines);
    expect(page.join('\n')).toMatch(/quotas +connects per second: 900\/s of 500\/s, -80 % left ✗ refused\n/);
    const groups = page.filter((line) => line.startsWith('  group ')).length;
    expect(groups).toBeGreaterThan(3);
    expect(page).toContain(`              … ${12 - groups} more lines with --full`);
    expect(page).toContain('              … 3 more lines with --full');
  });
});

function nearestOf({ quotas }: ReturnType<typeof draftRun>['preflight']): string {
  const [first] = quotas
    .filter(({ isKept }) => !isKept)
    .toSorted((a, b) => Number(a.withinAllowed) - Number(b.withinAllowed) || a.headroom - b.headroom);
  return first!.name;
}

it('plan page of a stack that has too little concurrency reserved', () => {
  const { subscriber, arrivals, stream } = defaultDeployment;
  const { plan, preflight } = draftRun(parseLoadProfile({ ...ramp, slices: { devicesPerSlice: 100 } }), {
    now: new Date('2026-01-01T00:00:00Z'),
    random: 0.5,
    deployment: { subscriber, arrivals, stream, publishConcurrency: 12 },
  });
  const refusal = new RefusedByPreflightError(preflight.refusals).message;
  const text = [...renderPlanPage({ plan, preflight }), '', '--- refusal', refusal, ''].join('\n');
  expectGolden('plan-reserved.txt', withoutPayloadBytes(text));
});

it('plan page where the account’s limits could not be read, in a Region of which nothing is known', () => {
  const { plan, preflight } = draftRun(parseLoadProfile(ramp), {
    now: new Date('2026-01-01T00:00:00Z'),
    random: 0.5,
    account: { limits: accountLimitsOf('small'), live: [], isCharged: true, region: 'eu-central-1' },
  });
  const refusal = new RefusedByPreflightError(preflight.refusals).message;
  const text = [...renderPlanPage({ plan, preflight }), '', '--- refusal', refusal, ''].join('\n');
  expectGolden('plan-unread.txt', withoutPayloadBytes(text));
});

it('plan page of a web service: connections, what is checked before the start, and no drain', () => {
  const { plan, preflight } = draftRun(
    parseProfile({
      name: 'shop',
      target: 'https://127.0.0.1:8443/',
      groups: {
        readers: { devices: 1_200, ratePerSecond: 100, http: { method: 'GET', connections: { shared: 50 } } },
        writers: { devices: 800, ratePerSecond: 50, http: { connections: { perDevice: 2 } } },
        signed: {
          devices: 10,
          ratePerSecond: 1,
          http: { method: 'GET', signing: { service: 'execute-api' } },
        },
      },
      duration: '1m',
    }),
    { now: new Date('2026-01-01T00:00:00Z'), random: 0.5 },
  );
  const page = renderPlanPage({ plan, preflight });
  for (const line of page) expect(line.length).toBeLessThanOrEqual(100);
  expectGolden('plan-web-service.txt', withoutPayloadBytes([...page, ''].join('\n')));
});

describe('stampede plan', () => {
  let workplace: Workplace;
  beforeAll(() => {
    workplace = makeWorkplace();
  });
  afterAll(() => workplace.remove());

  it('prints the page and exits 0', async () => {
    const { code, stdout, stderr } = await runCli([
      'plan',
      workplace.writeProfile('ramp.json', ramp),
      '--full',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const golden = readFileSync(path.join(import.meta.dirname, '../../../golden/cli/plan-ramp.txt'), 'utf8');
    expect(withoutPayloadBytes(stdout)).toBe(golden.slice(0, golden.indexOf('\n--- brief')));
  });

  it('plans 1,000,000 devices at 20,000/s', async () => {
    const file = workplace.writeProfile('million.json', { ...million, limits: { quotaShare: 1 } });
    const { code, stdout, stderr } = await runCli(['plan', file, '--full']);
    expect(stdout).toMatch(/slices +1,112 × up to 900 devices/);
    const payload = /state payload +([\d,]+) bytes/.exec(stdout)?.[1]?.replaceAll(',', '');
    expect(Number(payload)).toBeLessThan(262_144);
    // More connections than an account has: the page is printed all the same.
    expect(code).toBe(3);
    expect(stderr).toContain('devices: concurrent connections: 1,001,112 planned');
  });

  it('fits on one screen without --full', async () => {
    const { code, stdout, stderr } = await runCli(['plan', workplace.writeProfile('ramp.json', ramp)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { plan, preflight } = draftRun(parseLoadProfile(ramp));
    expect(stdout).toBe(`${renderPlanSummary({ plan, preflight }).join('\n')}\n`);
  });

  it('prints everything as JSON', async () => {
    const { code, stdout } = await runCli([
      'plan',
      '--json',
      '--devices',
      '1001',
      workplace.writeProfile('ramp.json', ramp),
    ]);
    expect(code).toBe(0);
    const { plan, slices, preflight } = JSON.parse(stdout);
    expect(plan.profile.devices).toBe(1_001);
    expect(slices).toHaveLength(plan.slices.count);
    const sum = (key: string): number =>
      slices.reduce((total: number, slice: Record<string, number>) => total + (slice[key] ?? 0), 0);
    expect([sum('devices'), sum('messages')]).toEqual([1_001, plan.load.messages]);
    expect(preflight.binding.quota).toBe('connectsPerSecond');
  });

  it('shows a plan that cannot be, and says why, with exit 3', async () => {
    const file = workplace.writeProfile('endless.json', {
      ...ramp,
      stages: [{ duration: '2h', target: 10 }],
    });
    const { code, stdout, stderr } = await runCli(['plan', file]);
    expect(code).toBe(3);
    expect(stdout).toContain('Lambda time of a slice');
    expect(stderr).toContain('cannot go on in another Lambda yet, and this run needs 11 legs');
    // Force does not make a Lambda live longer.
    expect(stderr).not.toContain('--force');
  });
});
