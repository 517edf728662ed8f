import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { SFNClient } from '@aws-sdk/client-sfn';
import { makeControl } from '../aws/control.ts';
import { makeExecutions } from '../aws/executions.ts';
import type { EmbeddedAwsAddress } from '../embedded/addresses.ts';
import { openRunDirectory } from './run-directory.ts';
import type { RunPlace } from './stop-run.ts';

/** An embedded AWS of another process, by its address. */
export function placeOf(
  { environment, stateMachineArn }: EmbeddedAwsAddress,
  runsDirectory: string,
): Pick<RunPlace, 'executions' | 'control' | 'record'> {
  const settings = {
    region: environment.AWS_REGION ?? 'us-east-1',
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
    },
  };
  const endpointOf = (service: string): string =>
    environment[`AWS_ENDPOINT_URL_${service}`] ?? environment.AWS_ENDPOINT_URL ?? '';
  return {
    executions: makeExecutions(stateMachineArn, new SFNClient({ ...settings, endpoint: endpointOf('SFN') })),
    control: makeControl(new IoTDataPlaneClient({ ...settings, endpoint: endpointOf('IOT_DATA_PLANE') })),
    record: openRunDirectory(runsDirectory),
  };
}
