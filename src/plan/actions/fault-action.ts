import { noFaults, type ServiceFaultChange } from '../../profile/service-faults.ts';
import type { InputError } from '../../shared/errors.ts';
import { traitsOf } from '../../targets/traits-of.ts';
import { isRehearsal } from '../account.ts';
import type { Plan } from '../plan.ts';
import type { ActionData, LiveAction } from './action.ts';

/** Changes the faults of the embedded IoT Core, which carries it out; no slice does. */
export const faultKind = 'faults';

/** @param faults `none` ends all that can be changed */
export function faultAction(faults: ServiceFaultChange | 'none'): ActionData {
  return { kind: faultKind, faults: faults === 'none' ? faults : { ...faults } };
}

/** Undefined for an action of another kind. The service checks the values, as it does those of its admin port. */
export function faultChangeOf({ action }: Pick<LiveAction, 'action'>): ServiceFaultChange | undefined {
  const { kind, faults } = action;
  if (kind !== faultKind) return undefined;
  if (faults === 'none') return endOfFaults;
  return typeof faults === 'object' && faults !== null && !Array.isArray(faults)
    ? (faults as ServiceFaultChange)
    : undefined;
}

/** Why the faults of a run's service cannot be changed. @param path of the change */
export function refuseFaults(plan: Pick<Plan, 'account' | 'target'>, path: string): InputError[] {
  if (isRehearsal(plan)) return [];
  const target = plan.target === undefined ? 'AWS' : traitsOf(plan.target).describe(plan.target, false);
  return [
    {
      path,
      message: `only the embedded IoT Core injects faults, and this run loads ${target}`,
      hint: 'rehearse the profile: npx stampede run without --stage and without a target',
    },
  ];
}

const { seed: _, clients: __, clockOffsetMs: ___, ...endOfFaults } = noFaults;
