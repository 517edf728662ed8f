import type { ColdStart } from '../plan/make-plan.ts';
import type { LoadProfile } from '../profile/load-profile.ts';
import type { Environment } from './environment.ts';

type Settings = Pick<
  Environment,
  'coldStartLeadMs' | 'lambdaEnvironmentsPerSecond' | 'idleStartMs' | 'deployment'
>;

/** A machine that takes longer than that would not run the load either. */
const mostSlowness = 10;

/**
 * How soon slices can be ready. Where functions share the cores of a machine with all else it runs, the start of the plan function's own
 * process shows how busy it is: slices get as many times longer. Not where a leg has to start within a given time: a run would be
 * refused, or divided otherwise, for what else the machine does.
 * @param startedAfterMs from the start of this process until its modules were loaded
 */
export function coldStartOf(
  { coldStartLeadMs, lambdaEnvironmentsPerSecond, idleStartMs, deployment }: Settings,
  { legs }: Pick<LoadProfile, 'legs'>,
  startedAfterMs: number,
): ColdStart {
  const isShared = idleStartMs !== undefined && legs === undefined && deployment?.sliceSeconds === undefined;
  const slowness = isShared ? Math.min(Math.max(startedAfterMs / idleStartMs, 1), mostSlowness) : 1;
  return {
    leadMs: coldStartLeadMs * slowness,
    environmentsPerSecond: lambdaEnvironmentsPerSecond / slowness,
  };
}
