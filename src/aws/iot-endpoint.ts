import { DescribeEndpointCommand, IoTClient } from '@aws-sdk/client-iot';
import { iotCoreDoorsOf, type Target } from '../plan/target.ts';
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
export async function describeIotEndpoint(
  client: IoTClient = new IoTClient({}),
): Promise<string | undefined> {
  try {
    const command = new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' });
    return (await client.send(command)).endpointAddress;
  } finally {
    client.destroy();
  }
}

/**
 * What a run loads: the doors that IOT_ENDPOINT names, or those of the account's own endpoint. The plan function asks
 * once and the plan carries the answer, so that 1,000 slices do not ask a control plane that answers ten a second.
 * @throws NoIotEndpointError
 */
export async function findTarget(
  { iotDoors }: { readonly iotDoors: Target['doors'] },
  describe: DescribeEndpoint = () => describeIotEndpoint(),
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
