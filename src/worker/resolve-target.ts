import { type DescribeEndpoint, describeIotEndpoint, findTarget } from '../aws/iot-endpoint.ts';
import type { Target } from '../targets/target.ts';
import { checkTargetHosts, isLoopback } from '../targets/target-check.ts';
import type { Environment } from './environment.ts';

/**
 * Resolves the endpoints that a run loads and checks whose they are. The account's own endpoint is described only if a
 * host other than loopback is named: a run on loopback may have no AWS IoT API to call.
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
  const resolved = { own: [] as string[], allowedHosts };
  if (named.some((host) => !isLoopback(host))) {
    // If the account's endpoint cannot be read, refuse every target that is neither loopback nor in `allowedHosts`.
    const own = await describe().catch(() => undefined);
    if (own !== undefined) resolved.own.push(own);
  }
  checkTargetHosts(named, resolved);
  return target;
}

/** Whether anybody sends a bill for it. */
export function isCharged({ endpoints }: Target): boolean {
  return !endpoints.every(({ host }) => isLoopback(host));
}
