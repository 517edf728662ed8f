import type { KnownTarget } from './known-target.ts';
import type { Target } from './target.ts';
import { traitsOf } from './traits-of.ts';

/**
 * The target of a plan, checked where connections are made; of a plan that names none, what the process itself knows.
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
