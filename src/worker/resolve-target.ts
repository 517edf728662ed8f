import { type DescribeEndpoint, describeIotEndpoint, findTarget } from '../aws/iot-endpoint.ts';
import type { Target } from '../targets/target.ts';
import { checkTargetHosts, isLoopback } from '../targets/target-check.ts';
import { traitsOf } from '../targets/traits-of.ts';
import type { Environment } from './environment.ts';

export interface TargetRequest {
  /** Absent: this account's IoT Core, or what the environment names in its place. */
  readonly wanted?: Target | undefined;
  readonly environment: Pick<Environment, 'iotEndpoints' | 'iotDataUrl'>;
  /** Hosts that the user vouches for. */
  readonly allowedHosts: readonly string[];
  readonly describe?: DescribeEndpoint;
}

/**
 * Resolves what a run loads and checks whose it is. The account's own endpoint is described only if a host other than loopback is
 * named: a run on loopback may have no AWS IoT API to call.
 * @throws RefusedTargetError, NoIotEndpointError
 */
export async function resolveTarget({
  wanted,
  environment,
  allowedHosts,
  describe = () => describeIotEndpoint(),
}: TargetRequest): Promise<Target> {
  const target = wanted ?? (await findTarget(environment, describe));
  const traits = traitsOf(target);
  const named = wanted === undefined ? namedBy(environment) : traits.hostsOf(target);
  const own: string[] = [];
  if (traits.mayBeAccounts && named.some((host) => !isLoopback(host))) {
    // If the account's endpoint cannot be read, refuse every target that is neither loopback nor in `allowedHosts`.
    const described = await describe().catch(() => undefined);
    if (described !== undefined) own.push(described);
  }
  checkTargetHosts(named, { own, allowedHosts });
  return target;
}

/** Without a name for them, both the endpoints and the HTTPS API are the account's own. */
function namedBy({ iotEndpoints, iotDataUrl }: TargetRequest['environment']): string[] {
  return [
    ...iotEndpoints.map(({ host }) => host),
    ...(iotDataUrl === undefined ? [] : [iotDataUrl.hostname]),
  ];
}
