import { ForgedTargetError, type KnownTarget } from '../known-target.ts';
import { formatMqttEndpoint } from '../mqtt-endpoint.ts';
import type { AwsIotTarget } from '../target.ts';
import { isLoopback } from '../target-check.ts';
import type { TargetTraits } from '../target-traits.ts';
import { iotCoreEndpointsOf, isIotCoreHost } from './endpoints.ts';
import { iotProfileLimits } from './profile-limits.ts';
import { iotQuotaNames } from './quotas.ts';

export const awsIotTraits: TargetTraits<AwsIotTarget> = {
  kind: 'aws-iot',
  offers: {
    observers: ['rule', 'subscriber'],
    basicIngest: true,
    presence: true,
    sharedSubscriptions: ['3.1.1', '5'],
    requests: false,
    protocols: ['mqtt', 'https'],
    mqttVersions: ['3.1.1', '5'],
    qos: [0, 1],
    auth: ['sigv4', 'x509', 'custom', 'none'],
  },
  limits: iotProfileLimits,
  quotas: iotQuotaNames,
  isPriced: true,
  isEmulated: true,
  observers: ['rule'],
  serviceCounts: 'cloudwatch',
  takesControl: true,
  mayBeAccounts: true,
  regionOf: ({ region }) => region,
  hostsOf,
  namesOf: hostsOf,
  mqttEndpointsOf: ({ endpoints }) => endpoints,
  dataUrlOf: ({ dataUrl }) => dataUrl,
  isCharged: ({ endpoints }) => !endpoints.every(({ host }) => isLoopback(host)),
  describe({ endpoints: [endpoint] }, isRehearsal) {
    if (endpoint === undefined) return 'unknown';
    const { scheme, host, port } = endpoint;
    return isRehearsal ? `${scheme}://${host}` : `${scheme}://${host}:${port}`;
  },
  checkPlanned,
};

function hostsOf({ endpoints }: AwsIotTarget): string[] {
  return [...new Set(endpoints.map(({ host }) => host))];
}

/**
 * Where the process's environment names endpoints, the plan's must be among them. Elsewhere the plan's must be those of one
 * AWS IoT Core endpoint in the process's Region, and of a host that was found independently of plan.json.
 */
function checkPlanned(target: AwsIotTarget, known: KnownTarget): void {
  const endpoints =
    known.iotEndpoints.length > 0 ? known.iotEndpoints : iotCoreEndpointsOf(accountHostOf(target, known));
  const urls = new Set(endpoints.map(formatMqttEndpoint));
  for (const endpoint of target.endpoints) {
    const url = formatMqttEndpoint(endpoint);
    if (!urls.has(url)) throw new ForgedTargetError(url);
  }
  const { dataUrl } = target;
  if (dataUrl === undefined) return;
  const dataUrls =
    known.iotDataUrl === undefined ? endpoints.map(({ host }) => `https://${host}`) : [known.iotDataUrl.href];
  if (!dataUrls.some((each) => sameUrl(each, dataUrl))) throw new ForgedTargetError(dataUrl);
}

/** The one host of an AWS IoT Core endpoint. */
function accountHostOf({ endpoints, dataUrl }: AwsIotTarget, { region, hosts }: KnownTarget): string {
  const host = endpoints[0]?.host;
  if (host === undefined) throw new ForgedTargetError(dataUrl ?? 'no endpoint');
  const isKnown = hosts?.includes(host) === true;
  if (!isKnown || region === undefined || !isIotCoreHost(host, region)) throw new ForgedTargetError(host);
  return host;
}

function sameUrl(a: string, b: string): boolean {
  return URL.canParse(a) && URL.canParse(b) && new URL(a).href === new URL(b).href;
}
