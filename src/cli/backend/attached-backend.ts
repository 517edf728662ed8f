import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { SFNClient } from '@aws-sdk/client-sfn';
import { attemptsToRetain, makeControl } from '../../aws/control.ts';
import { type Execution, makeExecutions } from '../../aws/executions.ts';
import { makeLiveFiguresReader } from '../../aws/live-figures.ts';
import type { EmbeddedAwsAddress } from '../../embedded/gateway/addresses.ts';
import { readLiveSource } from '../../worker/environment.ts';
import { makeRunControl } from '../../worker/run-control.ts';
import { embeddedReportArguments } from '../runs/report-file.ts';
import { openRunDirectory } from '../runs/run-directory.ts';
import { type Backend, isUnreachable } from './backend.ts';

/** An embedded AWS of another process, by its address. */
export function attachBackend(address: EmbeddedAwsAddress, runsDirectory: string): Backend {
  const backend = connectBackend(address, runsDirectory);
  return {
    ...backend,
    ...untilClosed(backend),
    // Once it has ended there are no figures; the next description is the end of the run.
    live: (query) => backend.live(query).catch(() => ({})),
  };
}

/** @param address variables of an embedded AWS, and its state machine */
export function connectBackend(
  { environment, stateMachineArn }: Omit<EmbeddedAwsAddress, 'pid'>,
  runsDirectory: string,
): Backend {
  const figures = makeLiveFiguresReader(readLiveSource(environment) ?? { url: '', token: '' });
  // The run store is the runs directory: what is stored is where the user looks for it.
  const record = openRunDirectory(runsDirectory);
  return {
    // On loopback any pace is allowed.
    pollEveryMs: 250,
    stopTimeoutMs: 60_000,
    executions: makeExecutions(stateMachineArn, new SFNClient(clientSettings(environment, 'SFN'))),
    control: makeRunControl({
      store: record,
      control: makeControl(
        new IoTDataPlaneClient({
          ...clientSettings(environment, 'IOT_DATA_PLANE'),
          maxAttempts: attemptsToRetain,
        }),
      ),
    }),
    live: async ({ runId }) => ({ totals: await figures.totals(runId) }),
    view: figures.view,
    record,
    saveReport: async () => undefined,
    logs: `${runsDirectory}/.logs`,
    argumentsOf: (runId) => embeddedReportArguments(runId, runsDirectory),
    guard: (_runId, work) => work,
    close: async () => undefined,
  };
}

/**
 * All that the SDK would otherwise take from the user's variables and files: a profile, an endpoint of one service or a
 * session token there would lead the run to a real account.
 * @param service as in the SDK's variable `AWS_ENDPOINT_URL_SFN`
 */
function clientSettings(environment: Readonly<Record<string, string>>, service: string) {
  const {
    AWS_REGION: region = 'us-east-1',
    AWS_ACCESS_KEY_ID: accessKeyId = '',
    AWS_SECRET_ACCESS_KEY: secretAccessKey = '',
  } = environment;
  return {
    endpoint: environment[`AWS_ENDPOINT_URL_${service}`] ?? environment.AWS_ENDPOINT_URL ?? '',
    region,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 3,
    retryMode: 'standard',
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
  };
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
      ...control,
      requestStop: (runId, request) => unlessClosed(control.requestStop(runId, request)),
      clear: (runId) => unlessClosed(control.clear(runId)),
    },
  };
}

async function unlessClosed(request: Promise<void>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!isUnreachable(error)) throw error;
  }
}
