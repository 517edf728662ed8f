import { describe, expect, it } from '@jest/globals';
import { checkStoredPlan } from '../../../src/plan/check-plan.ts';
import { wholeProfileOf } from '../../../src/plan/groups.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import type { ArrivalPattern } from '../../../src/profile/load-profile.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';
import { capacitySearch } from '../../support/plan/simulated-service.ts';

const burst = { count: 10, spacing: '100ms', everySeconds: 60 };

function planOf(load: object): Plan {
  const profile = parseProfile({ devices: 10, duration: '5m', ...load });
  return draftPlan({ profile, runId: 'r', now: 1e12 }).plan;
}

function pathsOf(plan: Plan): string[] {
  return checkStoredPlan(plan).map(({ path }) => path);
}

describe('a stored pattern of arrivals', () => {
  it.each([
    { ratePerSecond: 5, arrivals: 'poisson' },
    { everySeconds: 60, jitter: '60s' },
    { everySeconds: 60, together: true, jitter: '60s' },
    { burst },
    { burst: { ...burst, everySeconds: 0.9 } },
    { burst, together: true, jitter: '59100ms' },
    { everySeconds: '5..15' },
    { everySeconds: { exponential: 0.1 } },
    { everySeconds: { normal: { mean: 1.1, sd: 0.275 } } },
    { everySeconds: 60, publish: { sizeBytes: '200..800' } },
  ])('is taken as the plan has it: %j', (load) => {
    expect(checkStoredPlan(planOf(load))).toEqual([]);
  });

  it.each<[ArrivalPattern, string]>([
    [{ kind: 'jitter', spreadMs: 0 }, 'spreadMs'],
    [{ kind: 'gaps', gap: { kind: 'uniform', minMs: 0, maxMs: 10 } }, 'gap.minMs'],
    [{ kind: 'gaps', gap: { kind: 'uniform', minMs: 20, maxMs: 10 } }, 'gap.minMs'],
    [{ kind: 'gaps', gap: { kind: 'exponential', meanMs: 0 } }, 'gap.meanMs'],
    [{ kind: 'gaps', gap: { kind: 'exponential', meanMs: 1e-9 } }, 'gap'],
    [{ kind: 'gaps', gap: { kind: 'normal', meanMs: 10, sdMs: 1e9 } }, 'gap.sdMs'],
    [{ kind: 'pulse', everyMs: 0, lastsMs: 1, isRandom: false }, 'everyMs'],
    [{ kind: 'pulse', everyMs: 1_000, lastsMs: 2_000, isRandom: true }, 'lastsMs'],
    [{ kind: 'burst', count: 1e9, spacingMs: 1, everyMs: 60_000 }, 'count'],
    [{ kind: 'burst', count: 10, spacingMs: 0, everyMs: 60_000 }, 'spacingMs'],
    [{ kind: 'burst', count: 10, spacingMs: 60_000, everyMs: 60_000 }, 'spacingMs'],
    [
      {
        kind: 'burst',
        count: 2,
        spacingMs: 100,
        everyMs: 1_000,
        together: { lastsMs: 0, isRandom: true },
      },
      'together.lastsMs',
    ],
  ])('is refused where it would be endless work: %j', (pattern, setting) => {
    const plan = planOf({ everySeconds: 60 });
    const forged = { ...plan, profile: { ...plan.profile, pattern } } as Plan;
    expect(pathsOf(forged)).toContain(`profile.pattern.${setting}`);
  });
});

describe('a stored plan', () => {
  const plan = planOf({
    everySeconds: 60,
    timeline: [{ at: '1s', disconnect: {} }],
    connect: { backoff: { base: '1s', cap: '30s', jitter: 'full' } },
  });
  const profile = wholeProfileOf(plan);
  const [action] = profile.timeline!;
  const { lifecycle } = wholeProfileOf(planOf({ everySeconds: 60, lifecycle: {} }));
  const kind = { name: 'a', publish: profile.publish, startRatePerSecond: 0, stages: profile.stages };
  const stage = { durationMs: 1, targetPerSecond: 1 };

  it('is taken as it was made', () => {
    expect(checkStoredPlan(plan)).toEqual([]);
  });

  it.each<[string, object]>([
    ['timeline', { timeline: new Array(101).fill(action) }],
    ['timeline[0].atMs', { timeline: [{ ...action, atMs: 1e18 }] }],
    ['timeline[0].action.share', { timeline: [{ ...action, action: { ...action!.action, share: 2 } }] }],
    ['lifecycle.asleep', { lifecycle: { ...lifecycle, asleep: { leastMs: 0, mostMs: 0 } } }],
    ['lifecycle.awake', { lifecycle: { ...lifecycle, awake: { leastMs: -1, mostMs: 9 } } }],
    [
      'connect.backoff.base',
      { connect: { ...profile.connect, backoff: { baseMs: 0, capMs: 0, jitter: 'none' } } },
    ],
    ['stages', { stages: new Array(10_001).fill(stage) }],
    ['messages[0].stages', { messages: [{ ...kind, stages: new Array(1_001).fill(stage) }] }],
  ])('is refused where the profile is past a limit: %s', (path, forged) => {
    expect(pathsOf({ ...plan, profile: { ...profile, ...forged } } as Plan)).toContain(`profile.${path}`);
  });

  it.each([
    { count: 2, devicesPerSlice: 4 },
    { count: 1, devicesPerSlice: 901 },
  ])('is refused where its slices do not hold its devices: %j', (slices) => {
    expect(pathsOf({ ...plan, slices })).toContain('slices.devicesPerSlice');
  });
});

describe('a stored search', () => {
  const planned = planOf({ everySeconds: 60 });
  const withSearch = (search: object) =>
    pathsOf({
      ...planned,
      profile: { ...planned.profile, search: { ...capacitySearch, ...search } },
    } as Plan);

  it('is taken as the profile has it', () => {
    expect(withSearch({})).toEqual([]);
    expect(withSearch({ kind: 'objective', at: 500, forMs: 300_000, planned: 8_000 })).toEqual([]);
  });

  it.each([
    [{ from: 0 }, 'from'],
    [{ from: 10.5 }, 'from'],
    [{ to: 1e300 }, 'to'],
    [{ to: 1_000 }, 'to'],
    [{ precision: 1e-9 }, 'precision'],
    [{ holdMs: 1_500 }, 'holdMs / 1000'],
    [{ settleMs: -1 }, 'settleMs'],
    [{ confirm: 1e9 }, 'confirm'],
    [{ planned: -1 }, 'planned'],
    [{ kind: 'objective', at: 0, forMs: 1 }, 'at'],
    [{ kind: 'objective', at: 500, forMs: 1e12 }, 'forMs'],
  ])('is refused where it would be endless work: %j', (search, setting) => {
    expect(withSearch(search)).toEqual([`profile.search.${setting}`]);
  });
});
