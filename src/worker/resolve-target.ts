import { type DescribeEndpoint, describeIotEndpoint, findTarget } from '../aws/iot-endpoint.ts';
import type { Target } from '../targets/target.ts';
import { checkAim, isLoopback } from '../targets/target-check.ts';
import type { Environment } from './environment.ts';

/**
 * What a run loads, once it is clear whose it is. The account's own endpoint is asked for only where something else is
 * named: on loopback there may be nobody to ask.
 * @param iOwn hosts that the user vouches for
 * @throws RefusedTargetError, NoIotEndpointError
 */
export async function takeAim(
  environment: Pick<Environment, 'iotDoors' | 'iotDataUrl'>,
  iOwn: readonly string[],
  describe: DescribeEndpoint = () => describeIotEndpoint(),
): Promise<Target> {
  const target = await findTarget(environment, describe);
  const { iotDoors, iotDataUrl } = environment;
  // Without a name for them, both doors and the HTTPS API are the account's own.
  const named = [
    ...iotDoors.map(({ host }) => host),
    ...(iotDataUrl === undefined ? [] : [iotDataUrl.hostname]),
  ];
  const aim = { own: [] as string[], iOwn };
  if (named.some((host) => !isLoopback(host))) {
    // Nothing to compare with is no reason to fire.
    const own = await describe().catch(() => undefined);
    if (own !== undefined) aim.own.push(own);
  }
  checkAim(named, aim);
  return target;
}

/** Whether anybody sends a bill for it. */
export function isCharged({ doors }: Target): boolean {
  return !doors.every(({ host }) => isLoopback(host));
}
