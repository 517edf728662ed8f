import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { SFNClient } from '@aws-sdk/client-sfn';
import { makeControl } from '../../aws/control.ts';
import type { Execution } from '../../aws/executions.ts';
import type { EmbeddedAwsAddress } from '../../embedded/gateway/addresses.ts';
import { openRunDirectory } from '../runs/run-directory.ts';
import type { Backend } from './backend.ts';
import { makeClientBackend } from './client-backend.ts';
import { isUnreachable } from './unreachable.ts';

/** On loopback any pace will do. */
export const embeddedPace = { lookEveryMs: 250, stopPatienceMs: 60_000 } as const;

/** An embedded AWS of another process, by its address. */
export function embeddedBackendOf(
  { environment, stateMachineArn }: EmbeddedAwsAddress,
  runsDirectory: string,
): Backend {
  const settings = {
    region: environment.AWS_REGION ?? 'us-east-1',
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
    },
  };
  const endpointOf = (service: string): string =>
    environment[`AWS_ENDPOINT_URL_${service}`] ?? environment.AWS_ENDPOINT_URL ?? '';
  const { INFLUX_URL: url, INFLUX_BUCKET: bucket = '', INFLUX_TOKEN: token = '' } = environment;
  const place = makeClientBackend({
    ...embeddedPace,
    stateMachineArn,
    sfn: new SFNClient({ ...settings, endpoint: endpointOf('SFN') }),
    control: makeControl(new IoTDataPlaneClient({ ...settings, endpoint: endpointOf('IOT_DATA_PLANE') })),
    ...(url === undefined ? {} : { influx: { url, bucket, token } }),
    glanceEveryMs: { slices: 500, influx: 500, cloudwatch: 0 },
    // The run store is the runs directory: what is stored is where the user looks for it.
    record: openRunDirectory(runsDirectory),
    keep: async () => undefined,
    logs: `${runsDirectory}/.logs`,
  });
  return { ...place, ...untilClosed(place) };
}

/**
 * Embedded AWS ends with the process that started it, after its runs: a run that it has described before, and can no
 * longer describe because it is unreachable, is over.
 */
export function untilClosed({
  executions,
  control,
}: Pick<Backend, 'executions' | 'control'>): Pick<Backend, 'executions' | 'control'> {
  const described = new Map<string, Execution>();
  return {
    executions: {
      ...executions,
      async describe(executionArn) {
        try {
          const execution = await executions.describe(executionArn);
          described.set(executionArn, execution);
          return execution;
        } catch (error) {
          const last = described.get(executionArn);
          if (last === undefined || !isUnreachable(error)) throw error;
          return { ...last, status: 'ABORTED' };
        }
      },
    },
    control: {
      requestStop: (runId, request) => unlessGone(control.requestStop(runId, request)),
      clear: (runId) => unlessGone(control.clear(runId)),
    },
  };
}

async function unlessGone(request: Promise<void>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!isUnreachable(error)) throw error;
  }
}
