import { ForgedTargetError, type KnownTarget } from './known-target.ts';
import { formatMqttEndpoint, type MqttEndpoint } from './mqtt-endpoint.ts';
import type { AwsIotTarget, Target } from './target.ts';
import { isLoopback } from './target-check.ts';
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
 * What devices load in another Region of the run, checked where connections are made: loopback where the process's own endpoints are; else AWS IoT Core
 * of that Region, at a host that was found independently of plan.json.
 * @throws ForgedTargetError
 */
export function checkPlannedElsewhere(planned: Target, region: string, known: KnownTarget): Target {
  if (planned.kind !== 'aws-iot')
    throw new ForgedTargetError(`a target of kind ${planned.kind} in ${region}`);
  if (known.iotEndpoints.length === 0) return checkPlannedTarget(planned, { ...known, region });
  const areLoopback = (endpoints: readonly MqttEndpoint[]) => endpoints.every(({ host }) => isLoopback(host));
  if (!areLoopback(known.iotEndpoints) || !areLoopback(planned.endpoints))
    throw new ForgedTargetError(planned.endpoints.map(formatMqttEndpoint).join(', '));
  return planned;
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
