import { ForgedTargetError, type KnownTarget } from './known-target.ts';
import type { AwsIotTarget, Target } from './target.ts';
import { traitsOf } from './traits-of.ts';

/**
 * The target of a plan, checked where connections are made; of a plan that names none, the target of the process's environment.
 * @throws ForgedTargetError
 */
export function checkPlannedTarget(planned: Target | undefined, known: KnownTarget): Target {
  const target = planned ?? {
    kind: 'aws-iot',
    endpoints: known.iotEndpoints,
    dataUrl: known.iotDataUrl?.href,
  };
  traitsOf(target).checkPlanned(target, known);
  return target;
}

/**
 * Where control messages of a plan are, checked in the same way: it is the account's own IoT Core, whatever the target is.
 * @throws ForgedTargetError
 */
export function checkPlannedControl(planned: AwsIotTarget, known: KnownTarget): AwsIotTarget {
  if (planned.isNamed === true) throw new ForgedTargetError('an endpoint of its own for control messages');
  traitsOf(planned).checkPlanned(planned, known);
  return planned;
}
