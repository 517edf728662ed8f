import type { IotDoor } from '../device/transports/iot-door.ts';
import { type Fault, InvalidInputError } from '../profile/errors.ts';

/** The variables that tell a function where things are. The SDK reads its own (`AWS_*`) beside these. */
export interface Environment {
  readonly runBucket: string;
  /** Doors of the IoT endpoint, the default one first. */
  readonly iotDoors: readonly IotDoor[];
  /** The topic filter of the deployed IoT rule: a message outside it never reaches the subscriber. */
  readonly topicFilter: string;
  /** Room for the first cold start, milliseconds. */
  readonly coldStartLeadMs: number;
  /** Execution environments a second that Lambda adds to one function; AWS: 1,000 per 10 s. */
  readonly lambdaEnvironmentsPerSecond: number;
  /** How long CloudWatch may take to show a metric, milliseconds; AWS publishes IoT's once a minute. */
  readonly cloudWatchDelayMs: number;
  readonly influx: InfluxSettings | undefined;
}

export interface InfluxSettings {
  readonly url: string;
  readonly org: string;
  readonly bucket: string;
  readonly token: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Ports of AWS IoT Core: https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html */
const awsPorts = { mqtt: 1883, mqtts: 8883, wss: 443 } as const;

/**
 * Reads the functions' environment.
 * @throws InvalidInputError with every variable that is missing or malformed.
 */
export function readEnvironment(variables: Variables): Environment {
  const faults: Fault[] = [];
  const need = (name: string, hint: string): string => {
    const value = variables[name];
    if (value !== undefined && value !== '') return value;
    faults.push({ path: name, message: 'is not set', hint });
    return '';
  };
  const number = (name: string, fallback: number): number => {
    const raw = variables[name];
    if (raw === undefined || raw === '') return fallback;
    const value = Number(raw);
    if (Number.isFinite(value) && value > 0) return value;
    faults.push({
      path: name,
      message: `is not a positive number: ${raw}`,
      hint: `leave it out for ${fallback}`,
    });
    return fallback;
  };

  const environment: Environment = {
    runBucket: need('RUN_BUCKET', 'the bucket of the run store; the stack sets it'),
    iotDoors: parseIotEndpoint(need('IOT_ENDPOINT', 'host of `aws iot describe-endpoint`, or URLs'), faults),
    topicFilter: variables.TOPIC_FILTER ?? 'stampede/#',
    coldStartLeadMs: number('COLD_START_LEAD_MS', 5_000),
    lambdaEnvironmentsPerSecond: number('LAMBDA_ENVIRONMENTS_PER_SECOND', 100),
    cloudWatchDelayMs: number('CLOUDWATCH_DELAY_MS', 180_000),
    influx: readInflux(variables, faults),
  };
  if (faults.length > 0) throw new InvalidInputError('The environment', faults);
  return environment;
}

/** A comma list of `mqtt://`, `mqtts://` or `wss://` URLs; a bare host name stands for the doors of AWS IoT Core. */
function parseIotEndpoint(endpoint: string, faults: Fault[]): IotDoor[] {
  const fault = (message: string): IotDoor[] => {
    faults.push({
      path: 'IOT_ENDPOINT',
      message,
      hint: 'a host name, or URLs such as wss://host:443,mqtts://host:8883',
    });
    return [];
  };
  if (endpoint === '') return [];
  if (!endpoint.includes('://')) {
    return (['wss', 'mqtts'] as const).map((scheme) => ({ scheme, host: endpoint, port: awsPorts[scheme] }));
  }
  return endpoint.split(',').flatMap((text) => {
    if (!URL.canParse(text)) return fault(`is not a URL: ${text}`);
    const url = new URL(text);
    const scheme = url.protocol.slice(0, -1);
    if (scheme !== 'mqtt' && scheme !== 'mqtts' && scheme !== 'wss') {
      return fault(`has a scheme no door has: ${text}`);
    }
    return [{ scheme, host: url.hostname, port: url.port === '' ? awsPorts[scheme] : Number(url.port) }];
  });
}

function readInflux(variables: Variables, faults: Fault[]): InfluxSettings | undefined {
  const url = variables.INFLUX_URL;
  if (url === undefined || url === '') return undefined;
  const rest = { org: variables.INFLUX_ORG, bucket: variables.INFLUX_BUCKET, token: variables.INFLUX_TOKEN };
  for (const [key, value] of Object.entries(rest)) {
    if (value) continue;
    faults.push({
      path: `INFLUX_${key.toUpperCase()}`,
      message: 'is not set although INFLUX_URL is',
      hint: 'set all four INFLUX_ variables, or none to run without the live view',
    });
  }
  return { url, org: rest.org ?? '', bucket: rest.bucket ?? '', token: rest.token ?? '' };
}
