import { describe, expect, it } from '@jest/globals';
import type { ActionData, LiveAction, StoredAction } from '../../../src/plan/actions/action.ts';
import { stopAction } from '../../../src/plan/actions/stop.ts';
import { defaultCeilings } from '../../../src/plan/ceilings.ts';
import { priceRun } from '../../../src/plan/cost.ts';
import { deploymentOf } from '../../../src/plan/deployment.ts';
import { forecastUsage } from '../../../src/plan/forecast-usage.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { type InvalidInputError, StampedeError } from '../../../src/shared/errors.ts';
import { accountLimitsOf } from '../../../src/targets/aws-iot/quotas.ts';
import { type IssueRequest, issueActions } from '../../../src/worker/issue-actions.ts';
import { planOf } from '../../support/measure/run-fixture.ts';

const embedded = { limits: {}, live: [], isCharged: false } as unknown as NonNullable<Plan['account']>;
const plan: Plan = { ...planOf(), account: embedded };
const { publishAt, publishEndAt } = plan.timeline;
const groups = {
  meters: { devices: 10 },
  trackers: { devices: 10 },
  posts: { devices: 10, connect: { protocol: 'https' } },
};
const grouped: Plan = { ...planOf({ devices: undefined, groups }), account: embedded };
const half = { kind: 'disconnect', share: 0.5, how: 'drop' } as const;
const noAcks = { kind: 'faults', faults: { dropAcks: 1 } } as const;

/** The whole use case with a store in memory. */
async function issue(
  request: Partial<IssueRequest>,
  {
    now = publishAt + 1_000,
    stored = [],
    issuesInMs = 0,
  }: { now?: number; stored?: readonly LiveAction[]; issuesInMs?: number } = {},
) {
  const issued: LiveAction[] = [];
  let clock = now;
  const result = await issueActions(
    { runId: plan.runId, plan, isRunning: true, actions: [half], ...request },
    {
      store: {
        async *actions() {
          for (const [k, action] of stored.entries())
            yield { version: 1, runId: plan.runId, k, ...action } as StoredAction;
        },
      },
      control: {
        async issue(_runId, ...actions) {
          issued.push(...actions);
          clock += issuesInMs;
        },
      },
      now: () => clock,
    },
  );
  return { ...result, issued };
}

async function refusal(...args: Parameters<typeof issue>): Promise<string[]> {
  const error = await issue(...args).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof StampedeError)) throw new Error(`was not refused: ${error}`);
  expect(error.exitCode).toBe(2);
  return (error as InvalidInputError).errors.map(({ path, message }) => `${path} ${message}`);
}

describe('issueActions', () => {
  it('gives all actions one instant by which every slice has received them over MQTT', async () => {
    const { at, issued, descriptions, mayBeLate, later } = await issue({ actions: [half, noAcks] });
    // 0.4 s to store and announce them, 0.4 s to be received, and the deliveries to four slices.
    expect(at).toBe(publishAt + 1_000 + 801);
    expect(issued).toEqual([
      { at, action: half },
      { at, action: noAcks },
    ]);
    expect(descriptions).toEqual([
      'disconnect 50 % of the devices (drop)',
      'faults of embedded IoT Core: dropAcks 1',
    ]);
    expect({ mayBeLate, later }).toEqual({ mayBeLate: false, later: [] });
  });

  it('forecasts a disconnect with the actions before it, and nothing else', async () => {
    expect((await issue({ actions: [noAcks] })).forecasts).toEqual([]);
    const { forecasts } = await issue({});
    expect(forecasts).toEqual([
      expect.stringMatching(/^At 0:01 of publishing \d+ devices are disconnected, .* again/),
    ]);
    const stored = [{ at: publishAt + 100, action: { kind: 'network', network: { outage: 1 } } }];
    expect((await issue({}, { stored })).forecasts).toEqual([
      expect.stringContaining('Publishing ends before 99 % of the group are connected again.'),
    ]);
    const [ofGroup, ...others] = (await issue({ plan: grouped, group: 'trackers' })).forecasts;
    expect(ofGroup).toContain('5 devices of trackers are disconnected');
    expect(others).toEqual([]);
  });

  it('gives slices on AWS two seconds', async () => {
    const onAws: Plan = { ...plan, account: { ...embedded, isCharged: true } };
    expect((await issue({ plan: onAws })).at).toBe(publishAt + 1_000 + 2_001);
  });

  it('waits for the longest poll where slices poll', async () => {
    const { at, issued, descriptions } = await issue({ plan: grouped, group: 'trackers' });
    expect(at).toBe(publishAt + 1_000 + 400 + 4_800 + 400);
    expect(issued).toEqual([{ at, group: 'trackers', action: half }]);
    expect(descriptions).toEqual(['disconnect 50 % of the devices (drop) in group trackers']);
  });

  it('takes an instant from now', async () => {
    const { at } = await issue({ inMs: 5_000 });
    expect(at).toBe(publishAt + 6_000);
  });

  it('says that slices may have received it late', async () => {
    expect((await issue({}, { issuesInMs: 400 })).mayBeLate).toBe(false);
    expect((await issue({}, { issuesInMs: 401 })).mayBeLate).toBe(true);
  });

  it('names earlier actions of the same kind that take effect later', async () => {
    const at = publishAt + 8_000;
    const stored = [
      { at, action: half },
      { at, action: noAcks },
      { at: publishAt + 1_500, action: half },
    ];
    expect((await issue({}, { stored })).later).toMatchObject([{ k: 0 }]);
    const ofGroups = stored.map((action, i) => ({ ...action, group: i === 0 ? 'meters' : 'trackers' }));
    expect((await issue({ plan: grouped, group: 'trackers' }, { stored: ofGroups })).later).toEqual([]);
  });

  it('refuses a load as preflight refuses a plan, with all actions before it', async () => {
    const limits = accountLimitsOf('default', { publishInPerSecond: 300 });
    const limited: Plan = { ...planOf(), account: { limits, live: [], isCharged: true } };
    const rate = (factor: number) => ({ kind: 'rate', factor });
    const outcomeOf = (factor: number, stored: readonly LiveAction[] = [], of = limited) =>
      issue({ plan: of, actions: [rate(factor)], inMs: 4_000 }, { stored }).then(
        () => 0,
        (error: StampedeError) => [error.exitCode, error.message],
      );
    expect(await outcomeOf(2)).toBe(0);
    const [exitCode, message] = (await outcomeOf(4)) as [number, string];
    expect(exitCode).toBe(3);
    expect(message).toMatch(
      /^Preflight refuses the action:\n {2}stages: .*\(PublishIn\): .*\/s planned, and 80% of/,
    );
    expect(message).toContain('→ give a lower rate; those of earlier actions count too');
    expect(message).not.toContain('--force');
    // Of an earlier action, later: the load is past the quota from then on.
    const stored = [{ at: publishAt + 8_000, action: rate(4) }];
    expect(await outcomeOf(1, stored)).toMatchObject([3, expect.any(String)]);
    const { limits: profileLimits } = limited.profile;
    const profile = { ...limited.profile, limits: { ...profileLimits, enforce: false } };
    expect(await outcomeOf(4, [], { ...limited, profile })).toBe(0);
    const cheap = { ...limited.profile, limits: { ...profileLimits, maxCostUsd: 0.001 } };
    expect(await outcomeOf(1.5, [], { ...limited, profile: cheap })).toMatchObject([
      3,
      expect.stringContaining('limits.maxCostUsd: '),
    ]);
  });

  it('refuses connects past a quota, a cost or a ceiling of the stack, as it does a rate', async () => {
    const limits = accountLimitsOf('default');
    const base: Plan = {
      ...planOf({ devices: 2_000, connect: { ratePerSecond: 400 } }),
      account: { limits, live: [], isCharged: true },
    };
    const deployment = deploymentOf(base);
    const mostUsd = priceRun(base, forecastUsage(base, deployment)).totalUsd;
    const refusalOf = (of: Plan, action: ActionData) =>
      issue({ plan: of, actions: [action], inMs: 8_000 }).then(
        () => '',
        (error: StampedeError) => `${error.exitCode} ${error.message}`,
      );
    const connects = (perSecond: number) => ({ kind: 'connects', perSecond });
    expect(await refusalOf(base, connects(300))).toBe('');
    const overQuota = await refusalOf(base, connects(900));
    expect(overQuota).toMatch(/^3 .*connects per second: 900\/s planned, and 80% of the quota/s);
    expect(overQuota).toContain('→ give fewer connects a second; those of earlier actions count too');
    const profile = { ...base.profile, limits: { ...base.profile.limits, maxCostUsd: mostUsd } };
    const ceilings = { ...defaultCeilings, maxCostUsd: mostUsd };
    const capped: [Plan, string][] = [
      [{ ...base, profile }, 'limits.maxCostUsd: '],
      [{ ...base, deployment: { ...deployment, ceilings } }, '(its parameter maxCostUsd)'],
    ];
    for (const [of, why] of capped) {
      expect(await refusalOf(of, connects(300))).toContain(why);
      // Fewer devices cost less.
      expect(await refusalOf(of, { kind: 'devices', count: 1_000 })).toBe('');
    }
  });

  it.each<[string, Partial<IssueRequest>, Parameters<typeof issue>[1], string[]]>([
    ['has ended', { isRunning: false }, {}, ['run has ended']],
    ['has no plan yet', { plan: undefined }, {}, ['run has not begun: its plan is not made yet']],
    [
      'was stopped',
      {},
      { stored: [{ at: publishAt, action: stopAction({ reason: 'enough' }) }] },
      ['run was stopped at 10:10:11.140 UTC'],
    ],
    [
      'does not publish yet',
      {},
      { now: publishAt - 5_000 },
      ['at is before publishing begins at 10:10:11.140 UTC'],
    ],
    [
      'is about to end',
      {},
      { now: publishEndAt - 800 },
      ['run publishes until 10:10:21.140 UTC, and no action can reach every slice before 10:10:21.141 UTC'],
    ],
    [
      'has ended by then',
      { inMs: 9_000 },
      {},
      ['at is past the end: publishing is over at 10:10:21.140 UTC'],
    ],
    [
      'cannot know of it by then',
      { inMs: 500 },
      {},
      ['at is sooner than every slice can have received the action'],
    ],
    [
      'has no such group',
      { plan: grouped, group: 'tracker', inMs: 500 },
      {},
      [
        'at is sooner than every slice can have received the action',
        'group names no group of this run: tracker',
      ],
    ],
    [
      'keeps no connections in that group',
      { plan: grouped, group: 'posts' },
      {},
      ['disconnect has no meaning over HTTP, where no device keeps a connection'],
    ],
    [
      'answers pings by itself',
      { plan: planOf({ connect: { client: 'device-sdk' } }), actions: [{ ...half, how: 'silent' }] },
      {},
      ['disconnect.how the client device-sdk answers pings by itself, and cannot be silent'],
    ],
    [
      'is on AWS',
      { plan: planOf(), actions: [noAcks] },
      {},
      ['faults only the embedded IoT Core injects faults, and this run loads AWS'],
    ],
    [
      'has groups, and faults are the service’s',
      { plan: grouped, group: 'meters', actions: [noAcks] },
      {},
      ['group has no meaning for faults, which are those of the service'],
    ],
  ])('refuses an action of a run that %s', async (_what, request, options, errors) => {
    expect(await refusal(request, options)).toEqual(errors);
  });
});
