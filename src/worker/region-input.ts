import { wholeProfileOf } from '../plan/groups.ts';
import type { StoredPlan } from '../plan/plan.ts';
import { ownRegionOf } from '../plan/regions.ts';
import { readStored } from '../report/stored/read-stored.ts';
import { type InputError, InvalidInputError } from '../shared/errors.ts';
import { isObject } from '../shared/json-path.ts';

/**
 * Input of an execution that is one Region's part of a run: the plan that all its Regions have, with the name of this one. All of them get the same
 * instants and the same slices from it.
 */
export interface RegionInput {
  readonly plan: StoredPlan;
}

/** Otherwise the input is a load profile as the user wrote it. */
export function isRegionInput(input: unknown): input is { readonly plan: unknown } {
  return isObject(input) && isObject(input.plan);
}

/**
 * The plan of such an input, checked as one that is read from a run store.
 * @param runId name of the execution
 * @param region where the function runs; undefined: an emulator, which is in any Region
 * @throws UnreadableFileError, InvalidInputError
 */
export async function readRegionInput(
  { plan: given }: { readonly plan: unknown },
  runId: string,
  region: string | undefined,
): Promise<StoredPlan> {
  const plan = await readStored('plan', JSON.stringify(given), 'the input of the execution');
  const own = ownRegionOf(plan);
  const errors: InputError[] = [];
  const refuse = (path: string, message: string): unknown =>
    errors.push({ path, message, hint: 'start it by `npx stampede run PROFILE --stage STAGE`' });
  if (plan.runId !== runId) refuse('plan.runId', `is ${plan.runId}, and the execution is called ${runId}`);
  if (own === undefined) refuse('plan.region', 'is missing: an execution runs in one Region');
  else if (region !== undefined && own.name !== region)
    refuse('plan.region', `is ${own.name}, and the execution is in ${region}`);
  if (errors.length > 0) throw new InvalidInputError('The execution', errors);
  return { ...plan, profile: wholeProfileOf(plan) };
}
