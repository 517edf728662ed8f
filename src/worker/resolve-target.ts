import { type DescribeEndpoint, describeIotEndpoint, findTarget } from '../aws/iot-endpoint.ts';
import type { Target } from '../targets/target.ts';
import { checkTargetHosts, isLoopback } from '../targets/target-check.ts';
import type { Environment } from './environment.ts';

/**
 * What a run loads, once it is clear whose it is. The account's own endpoint is asked for only where something else is
 * named: on loopback there may be nobody to ask.
 * @param allowedHosts hosts that the user vouches for
 * @throws RefusedTargetError, NoIotEndpointError
 */
export async function resolveTarget(
  environment: Pick<Environment, 'iotEndpoints' | 'iotDataUrl'>,
  allowedHosts: readonly string[],
  describe: DescribeEndpoint = () => describeIotEndpoint(),
): Promise<Target> {
  const target = await findTarget(environment, describe);
  const { iotEndpoints, iotDataUrl } = environment;
  // Without a name for them, both endpoints and the HTTPS API are the account's own.
  const named = [
    ...iotEndpoints.map(({ host }) => host),
    ...(iotDataUrl === undefined ? [] : [iotDataUrl.hostname]),
  ];
  const aim = { own: [] as string[], allowedHosts };
  if (named.some((host) => !isLoopback(host))) {
    // Nothing to compare with is no reason to fire.
    const own = await describe().catch(() => undefined);
    if (own !== undefined) aim.own.push(own);
  }
  checkTargetHosts(named, aim);
  return target;
}

/** Whether anybody sends a bill for it. */
export function isCharged({ endpoints }: Target): boolean {
  return !endpoints.every(({ host }) => isLoopback(host));
}
