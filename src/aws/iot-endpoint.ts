import type { Target } from '../plan/target.ts';
import { iotCoreDoorsOf } from '../plan/target.ts';
import { StampedeError } from '../profile/errors.ts';

/** Asks the control plane for the account's own endpoint. */
export type DescribeEndpoint = () => Promise<string | undefined>;

export class NoIotEndpointError extends StampedeError {
  constructor(cause?: unknown) {
    super('NoIotEndpoint', 'the account’s IoT endpoint could not be read', {
      hint: 'set IOT_ENDPOINT, or allow iot:DescribeEndpoint',
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** `iot:DescribeEndpoint`, type `iot:Data-ATS`: the endpoint whose certificate Amazon Trust Services signed. */
export const describeIotEndpoint: DescribeEndpoint = async () => {
  // Only where no endpoint is given: the client is the largest of all that the plan function has.
  const { DescribeEndpointCommand, IoTClient } = await import('@aws-sdk/client-iot');
  const client = new IoTClient({});
  try {
    const { endpointAddress } = await client.send(
      new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }),
    );
    return endpointAddress;
  } finally {
    client.destroy();
  }
};

/**
 * What a run loads: the doors that IOT_ENDPOINT names, or those of the account's own endpoint. The plan function asks
 * once and the plan carries the answer, so that 1,000 slices do not ask a control plane that answers ten a second.
 * @throws NoIotEndpointError
 */
export async function findTarget(
  { iotDoors }: { readonly iotDoors: Target['doors'] },
  describe: DescribeEndpoint = describeIotEndpoint,
): Promise<Target> {
  if (iotDoors.length > 0) return { doors: iotDoors };
  let host: string | undefined;
  try {
    host = await describe();
  } catch (cause) {
    throw new NoIotEndpointError(cause);
  }
  if (host === undefined) throw new NoIotEndpointError();
  return { doors: iotCoreDoorsOf(host) };
}
