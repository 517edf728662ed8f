import type { InputError } from '../shared/errors.ts';
import { type Ceilings, formatCeiling } from './ceilings.ts';
import type { CostEstimate } from './cost.ts';
import type { Plan } from './plan.ts';
import { loadSettingOf } from './search/search-forecast.ts';

/** What of a plan is above a ceiling of its stack; empty where the stack has none. @param totalUsd forecast */
export function refuseCeilings(plan: Plan, { totalUsd }: Pick<CostEstimate, 'totalUsd'>): InputError[] {
  const ceilings = plan.deployment?.ceilings;
  if (ceilings === undefined) return [];
  const { profile, load } = plan;
  const errors: InputError[] = [];
  const hold = (name: Exclude<keyof Ceilings, 'allowForce'>, value: number, path: string, fewer: string) => {
    const ceiling = ceilings[name];
    // Not `>`: a value that is no number is above every ceiling.
    if (ceiling === null || value <= ceiling) return;
    errors.push({
      path,
      message: `${formatCeiling(name, value)} planned, and this stack allows ${formatCeiling(name, ceiling)} (its parameter ${name})`,
      hint: `${fewer}, or have the stack’s owner redeploy it with --param ${name}=${Math.ceil(value)}`,
    });
  };
  hold('maxDevices', profile.devices, 'devices', 'use fewer devices');
  hold('maxMessagesPerSecond', load.peakPerSecond, loadSettingOf(plan), 'lower the rate');
  hold('maxCostUsd', totalUsd, loadSettingOf(plan), 'lower the rate, shorten the run or use fewer devices');
  if (!profile.limits.enforce && !ceilings.allowForce) {
    errors.push({
      path: 'limits.enforce',
      message:
        'is false, and this stack does not allow a run that preflight refuses (its parameter allowForce is false)',
      hint: 'leave out limits.enforce and --force, or have the stack’s owner redeploy it with --param allowForce=true',
    });
  }
  return errors;
}
