import type { ColdStart } from '../plan/make-plan.ts';
import type { Environment } from './environment.ts';

/** A machine that takes longer than that would not run the load either. */
const mostSlowness = 10;

/**
 * How soon slices can be ready. Where functions share the cores of a machine with all else it runs, the start of the plan function's own
 * process shows how busy it is: slices get as many times longer.
 * @param startedAfterMs from the start of this process until its modules were loaded
 */
export function coldStartOf(
  {
    coldStartLeadMs,
    lambdaEnvironmentsPerSecond,
    idleStartMs,
  }: Pick<Environment, 'coldStartLeadMs' | 'lambdaEnvironmentsPerSecond' | 'idleStartMs'>,
  startedAfterMs: number,
): ColdStart {
  const slowness =
    idleStartMs === undefined ? 1 : Math.min(Math.max(startedAfterMs / idleStartMs, 1), mostSlowness);
  return {
    leadMs: coldStartLeadMs * slowness,
    environmentsPerSecond: lambdaEnvironmentsPerSecond / slowness,
  };
}
