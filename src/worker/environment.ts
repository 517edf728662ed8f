import type { InfluxSettings } from '../aws/influx-token.ts';
import type { CredentialLender } from '../aws/lent-credentials.ts';
import type { LiveSource } from '../aws/live-figures.ts';
import type { QueueUrls } from '../aws/queue-backlog.ts';
import { type DeploymentParameters, defaultDeployment, parseDeployment } from '../plan/deployment.ts';
import { isKernelSetting, type KernelSetting } from '../profile/kernel-network.ts';
import { formatDuration, parseDuration } from '../shared/duration.ts';
import { type InputError, InvalidInputError } from '../shared/errors.ts';
import { defaultRegion } from '../targets/aws-iot/default-limits.ts';
import { iotCoreEndpointsOf } from '../targets/aws-iot/endpoints.ts';
import { type MqttEndpoint, parseMqttEndpoint } from '../targets/mqtt-endpoint.ts';

/** The variables that hold the addresses a function needs. The SDK also reads its own (`AWS_*`). */
export interface Environment {
  /** Lambda sets it: `AWS_REGION`. */
  readonly region: string;
  readonly runBucket: string;
  /** Endpoints of the IoT endpoint, the default one first; none: those of the account's own endpoint. */
  readonly iotEndpoints: readonly MqttEndpoint[];
  /** The IoT data plane over HTTPS, where the SDK is pointed at one; undefined: the account's own. */
  readonly iotDataUrl: URL | undefined;
  /** The topic filter of the deployed IoT rule: a message outside it never reaches the reader. */
  readonly topicFilter: string;
  /** Of the deployed IoT rule, for its metrics; undefined: they are not queried. */
  readonly ruleName: string | undefined;
  readonly queues: QueueUrls;
  /** Name of the function that reads the arrivals stream; absent: the stack has none. */
  readonly streamReader: string | undefined;
  /**
   * Where modules with payload functions are: by default `/opt`, where Lambda has its layers. Undefined, of an empty `PAYLOAD_MODULES`:
   * anywhere on this machine, by absolute paths.
   */
  readonly payloadModules: string | undefined;
  /** The stack's parameters; undefined: those of a stack without parameters. */
  readonly deployment: DeploymentParameters | undefined;
  /** Room for the first cold start, milliseconds. */
  readonly coldStartLeadMs: number;
  /** Execution environments a second that Lambda adds to one function; AWS: 1,000 per 10 s. */
  readonly lambdaEnvironmentsPerSecond: number;
  /** What a process takes to start where nothing else runs, milliseconds; undefined: functions have vCPUs of their own. */
  readonly idleStartMs: number | undefined;
  /** How long CloudWatch may take to show a metric, milliseconds; AWS publishes IoT's once a minute. */
  readonly cloudWatchDelayMs: number;
  readonly credentialSources: CredentialSources;
  readonly influx: InfluxSettings | undefined;
  /** Settings of the devices' network that the kernel of the slices makes; undefined: none. */
  readonly kernelNetwork: readonly KernelSetting[] | undefined;
  /** From which device 0 of a slice connects, and the others from those after it; undefined: all from the system's choice. */
  readonly firstDeviceAddress: string | undefined;
}

/** Where the credentials of devices are stored. */
export interface CredentialSources {
  /** Secrets Manager: the fleet's certificate and key. */
  readonly certificateSecret: string | undefined;
  /** Secrets Manager: auth parameters of the custom authorizer. */
  readonly authorizerSecret: string | undefined;
  /** PEM file of the authorities to trust in place of the system's. */
  readonly authorityFile: string | undefined;
  /** Of this process: a profile may take passwords from them. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** Lambda ends at 15 minutes, and what waits needs some of them for its work. */
const longestWaitMs = 600_000;

export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads the functions' environment.
 * @throws InvalidInputError with every variable that is missing or malformed.
 */
export function readEnvironment(variables: Variables): Environment {
  const errors: InputError[] = [];
  const need = (name: string, hint: string): string => {
    const value = variables[name];
    if (value !== undefined && value !== '') return value;
    errors.push({ path: name, message: 'is not set', hint });
    return '';
  };
  const number = (name: string, fallback: number): number => {
    const raw = variables[name];
    if (raw === undefined || raw === '') return fallback;
    const value = Number(raw);
    if (Number.isFinite(value) && value > 0) return value;
    errors.push({
      path: name,
      message: `is not a positive number: ${raw}`,
      hint: `leave it out for ${fallback}`,
    });
    return fallback;
  };

  const duration = (name: string, fallback: string): number => {
    const raw = variables[name] || fallback;
    const ms = parseDuration(raw);
    if (ms !== undefined && ms > 0 && ms <= longestWaitMs) return ms;
    errors.push({
      path: name,
      message: `is not a duration of at most ${formatDuration(longestWaitMs)}: ${raw}`,
      hint: `write it as ${fallback}; it is a parameter of the stack`,
    });
    return 0;
  };

  const environment: Environment = {
    region: variables.AWS_REGION || defaultRegion,
    runBucket: need('RUN_BUCKET', 'the bucket of the run store; the stack sets it'),
    iotEndpoints: parseIotEndpoint(variables.IOT_ENDPOINT ?? '', errors),
    iotDataUrl: parseIotDataUrl(variables, errors),
    topicFilter: variables.TOPIC_FILTER ?? defaultDeployment.topicFilter,
    ruleName: variables.RULE_NAME || undefined,
    queues: readQueueUrls(variables),
    streamReader: variables.STREAM_READER || undefined,
    payloadModules: (variables.PAYLOAD_MODULES ?? '/opt') || undefined,
    deployment: readDeployment(variables.DEPLOYMENT, errors),
    coldStartLeadMs: duration('COLD_START_LEAD', '5s'),
    lambdaEnvironmentsPerSecond: number('LAMBDA_ENVIRONMENTS_PER_SECOND', 100),
    idleStartMs: variables.IDLE_PROCESS_START ? duration('IDLE_PROCESS_START', '1s') : undefined,
    cloudWatchDelayMs: duration('CLOUDWATCH_DELAY', '3m'),
    credentialSources: {
      certificateSecret: variables.IOT_CERTIFICATE_SECRET || undefined,
      authorizerSecret: variables.IOT_AUTHORIZER_SECRET || undefined,
      authorityFile: variables.IOT_CA_FILE || undefined,
      variables,
    },
    influx: readInflux(variables, errors),
    kernelNetwork: variables.KERNEL_NETWORK?.split(',').filter(isKernelSetting),
    firstDeviceAddress: variables.FIRST_DEVICE_ADDRESS || undefined,
  };
  if (errors.length > 0) throw new InvalidInputError('The environment', errors);
  return environment;
}

function readQueueUrls(variables: Variables): QueueUrls {
  const urls = {
    arrivals: variables.ARRIVALS_QUEUE_URL,
    stream: variables.ARRIVALS_STREAM,
    deadLetters: variables.DEAD_LETTER_QUEUE_URL,
    ruleErrors: variables.RULE_ERROR_QUEUE_URL,
  };
  return Object.fromEntries(Object.entries(urls).filter(([, url]) => url));
}

function readDeployment(json: string | undefined, errors: InputError[]): DeploymentParameters | undefined {
  if (json === undefined || json === '') return undefined;
  try {
    return parseDeployment(json);
  } catch (error) {
    errors.push({ path: 'DEPLOYMENT', message: (error as Error).message, hint: 'the stack sets it' });
    return undefined;
  }
}

/** @throws InvalidInputError for a variable that is no URL */
export function iotDataUrlOf(variables: Variables): URL | undefined {
  const errors: InputError[] = [];
  const url = parseIotDataUrl(variables, errors);
  if (errors.length > 0) throw new InvalidInputError('The environment', errors);
  return url;
}

/** The SDK's own variables, in its own order. @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html */
function parseIotDataUrl(variables: Variables, errors: InputError[]): URL | undefined {
  for (const name of ['AWS_ENDPOINT_URL_IOT_DATA_PLANE', 'AWS_ENDPOINT_URL']) {
    const text = variables[name];
    if (text === undefined || text === '') continue;
    if (URL.canParse(text)) return new URL(text);
    errors.push({ path: name, message: `is not a URL: ${text}`, hint: 'leave it out for AWS' });
  }
  return undefined;
}

/** A comma list of URLs, each with how clients authenticate there; a bare host name stands for the endpoints of AWS IoT Core. */
function parseIotEndpoint(endpoint: string, errors: InputError[]): MqttEndpoint[] {
  if (endpoint === '') return [];
  if (!endpoint.includes('://')) return iotCoreEndpointsOf(endpoint);
  return endpoint.split(',').flatMap((text) => {
    const parsed = parseMqttEndpoint(text);
    if (!('wrong' in parsed)) return [parsed];
    errors.push({
      path: 'IOT_ENDPOINT',
      message: parsed.wrong,
      hint: 'a host name, or URLs such as wss://host:443?auth=sigv4,mqtts://host:8883?auth=x509',
    });
    return [];
  });
}

function readInflux(variables: Variables, errors: InputError[]): InfluxSettings | undefined {
  const { INFLUX_URL: url, INFLUX_ORG, INFLUX_BUCKET, INFLUX_TOKEN, INFLUX_TOKEN_PARAMETER } = variables;
  if (!url) return undefined;
  const need = (name: string, value: string | undefined): string => {
    if (!value) {
      errors.push({
        path: name,
        message: 'is not set although INFLUX_URL is',
        hint: 'set all four INFLUX_ variables, or none to run without the live view',
      });
    }
    return value ?? '';
  };
  return {
    url,
    org: need('INFLUX_ORG', INFLUX_ORG),
    bucket: need('INFLUX_BUCKET', INFLUX_BUCKET),
    token:
      !INFLUX_TOKEN && INFLUX_TOKEN_PARAMETER
        ? { parameter: INFLUX_TOKEN_PARAMETER }
        : { value: need('INFLUX_TOKEN', INFLUX_TOKEN) },
  };
}

/**
 * The InfluxDB of a rehearsal: set by the four `INFLUX_` variables alone.
 * @throws InvalidInputError when some are set and others are not
 */
export function readInfluxServer(
  variables: Variables,
): (Omit<InfluxSettings, 'token'> & { token: string }) | undefined {
  const errors: InputError[] = [];
  const settings = readInflux({ ...variables, INFLUX_TOKEN_PARAMETER: undefined }, errors);
  if (errors.length > 0) throw new InvalidInputError('The environment', errors);
  return settings && { ...settings, token: 'value' in settings.token ? settings.token.value : '' };
}

/** The lender of the user's credentials, for requests that are signed on this machine; undefined on AWS: the role's sign. */
export function readCredentialLender({
  LENDER_URL: url,
  LENDER_TOKEN: token = '',
  SIGNING_REGION: region = '',
}: Variables): CredentialLender | undefined {
  return url ? { url, token, region } : undefined;
}

/** Where embedded AWS, as any other, answers with the figures of a run in progress; undefined: nowhere. */
export function readLiveSource({ LIVE_URL: url, LIVE_TOKEN: token = '' }: Variables): LiveSource | undefined {
  return url ? { url, token } : undefined;
}
