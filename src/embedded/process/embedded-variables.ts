import { availableParallelism } from 'node:os';
import { formatDuration } from '../../shared/duration.ts';
import { region } from '../gateway/arns.ts';
import type { Credentials } from '../gateway/request-signature.ts';
import { secretNamesOf } from '../iot/fleet-identities.ts';
import type { IotCoreAddresses } from '../iot-core/iot-core.ts';
import { defaultRuleName } from '../iot-core/settings.ts';
import { queueVariables, runBucket } from '../stack/deployed-stack.ts';
import type { FunctionDefinition, Stack } from '../stack/stack.ts';
import { embeddedColdStart } from './embedded-limits.ts';

export const influx = { org: 'stampede', bucket: 'stampede' } as const;

/** Where the embedded IoT Core listens, and what a client needs for TLS. */
type IotCoreListeners = Pick<IotCoreAddresses, 'mqttPort' | 'mqttsPort' | 'wssPort' | 'httpPort' | 'files'>;

/** Addresses and credentials of this start, for its clients. */
export interface EmbeddedAwsFacts {
  readonly gatewayUrl: string;
  readonly iotCore: IotCoreListeners | undefined;
  readonly stack: Stack;
  readonly accountKey: Credentials;
  readonly influxToken: string;
}

/** Variables of a process that lead SDK clients, and the functions' adapters, to embedded AWS. */
export function variablesOf(facts: EmbeddedAwsFacts): Record<string, string> {
  const { gatewayUrl, iotCore, stack, accountKey, influxToken } = facts;
  const cores = availableParallelism();
  return {
    AWS_ENDPOINT_URL: gatewayUrl,
    AWS_ENDPOINT_URL_IOT_DATA_PLANE: `http://127.0.0.1:${iotCore?.httpPort ?? 0}`,
    AWS_REGION: region,
    // The AWS CLI and Python's SDK read this one only.
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: accountKey.accessKeyId,
    AWS_SECRET_ACCESS_KEY: accountKey.secretAccessKey,
    RUN_BUCKET: runBucket,
    ...iotVariablesOf(iotCore, stack),
    INFLUX_URL: gatewayUrl,
    INFLUX_ORG: influx.org,
    INFLUX_BUCKET: influx.bucket,
    INFLUX_TOKEN: influxToken,
    LIVE_URL: `${gatewayUrl}/live`,
    LIVE_TOKEN: influxToken,
    COLD_START_LEAD: formatDuration(embeddedColdStart.leadMs),
    LAMBDA_ENVIRONMENTS_PER_SECOND: String(cores * embeddedColdStart.environmentsPerSecondPerCore),
    CLOUDWATCH_DELAY: cloudWatchDelay,
    RULE_NAME: defaultRuleName,
    // Modules of this machine, wherever they are.
    PAYLOAD_MODULES: '',
    ...queueVariables(gatewayUrl, stack),
  };
}

/** Its listeners, the one that asks for nothing first, and what the others ask for. */
function iotVariablesOf(iotCore: IotCoreListeners | undefined, stack: Stack): Record<string, string> {
  if (iotCore === undefined) return {};
  const { mqttPort, mqttsPort, wssPort, files } = iotCore;
  const { certificate, authorizer } = secretNamesOf(stack);
  const listeners = [
    `mqtt://127.0.0.1:${mqttPort}?auth=none`,
    `wss://127.0.0.1:${wssPort}?auth=sigv4`,
    `mqtts://127.0.0.1:${mqttsPort}?auth=x509`,
    `mqtts://127.0.0.1:${wssPort}?auth=custom&alpn=mqtt`,
  ];
  return {
    IOT_ENDPOINT: listeners.join(','),
    IOT_CERTIFICATE_SECRET: certificate,
    IOT_AUTHORIZER_SECRET: authorizer,
    ...(files && { IOT_CA_FILE: files.caFile }),
  };
}

/**
 * Variables of processes that embedded Lambda starts, beside those. The plan function's own is up that soon, with its modules; where it takes
 * longer, the processes of slices get more time as well. `sls invoke local` runs it in a process that was there before.
 */
export const functionProcessVariables = { IDLE_PROCESS_START: '750ms' };
/** The counters are there at once; what is not there after this will not come. */
const cloudWatchDelay = '2s';

/** About the bundle that is deployed: where its native file lies, and its source map. Here the sources run. */
const bundleVariables: readonly string[] = ['AWS_CRT_NODEJS_BINARY_RELATIVE_PATH', 'NODE_OPTIONS'];

export function withoutBundleVariables(definition: FunctionDefinition): FunctionDefinition {
  const environment = Object.fromEntries(
    Object.entries(definition.environment).filter(([name]) => !bundleVariables.includes(name)),
  );
  return { ...definition, environment };
}
