import { describe, expect, it } from '@jest/globals';
import { checkStoredPlan } from '../../../src/plan/check-plan.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import type { ArrivalPattern } from '../../../src/profile/load-profile.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';

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
    { everySeconds: 60, publish: { sizeBytes: '200..800' } },
  ])('is taken as the plan has it: %j', (load) => {
    expect(checkStoredPlan(planOf(load))).toEqual([]);
  });

  it.each<[ArrivalPattern, string]>([
    [{ kind: 'jitter', spreadMs: 0 }, 'spreadMs'],
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
