import { DescribeEndpointCommand, IoTClient } from '@aws-sdk/client-iot';
import { StampedeError } from '../shared/errors.ts';
import { iotCoreEndpointsOf } from '../targets/aws-iot/endpoints.ts';
import type { AwsIotTarget } from '../targets/target.ts';

/** Asks the control plane for the account's own endpoint. */
export type DescribeEndpoint = () => Promise<string | undefined>;

/** The account has no IoT endpoint, or it could not be read. */
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
 * What a run loads: the endpoints that IOT_ENDPOINT names, or those of the account's own endpoint, and the HTTPS API of the same
 * host unless the SDK's variables name another. The plan function queries it once and stores the answer in the plan, so that 1,000
 * slices do not query a control plane that answers ten requests a second.
 * @throws NoIotEndpointError
 */
export async function findTarget(
  {
    iotEndpoints,
    iotDataUrl,
  }: { readonly iotEndpoints: AwsIotTarget['endpoints']; readonly iotDataUrl: URL | undefined },
  describe: DescribeEndpoint = () => describeIotEndpoint(),
): Promise<AwsIotTarget> {
  const dataUrlOf = (host: string): string => iotDataUrl?.href ?? dataUrlOfHost(host);
  const [first] = iotEndpoints;
  if (first !== undefined)
    return { kind: 'aws-iot', endpoints: iotEndpoints, dataUrl: dataUrlOf(first.host) };
  let host: string | undefined;
  try {
    host = await describe();
  } catch (cause) {
    throw new NoIotEndpointError(cause);
  }
  if (host === undefined) throw new NoIotEndpointError();
  return { kind: 'aws-iot', endpoints: iotCoreEndpointsOf(host), dataUrl: dataUrlOf(host) };
}

/** The HTTPS API of an IoT endpoint, signed with SigV4. @param host as DescribeEndpoint returns it */
function dataUrlOfHost(host: string): string {
  return `https://${host}`;
}
