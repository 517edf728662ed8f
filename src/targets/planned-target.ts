import { exitCodes, StampedeError } from '../shared/errors.ts';
import { iotCoreEndpointsOf, isIotCoreHost } from './aws-iot/endpoints.ts';
import { formatMqttEndpoint, type MqttEndpoint } from './mqtt-endpoint.ts';
import type { Target } from './target.ts';

/** What a process knows of its target by itself, whatever a plan.json says. */
export interface KnownTarget {
  /** Endpoints that its own environment names, which the owner of the stack sets; none: those of AWS IoT Core. */
  readonly iotEndpoints: readonly MqttEndpoint[];
  /** The HTTPS API that its own environment names. */
  readonly iotDataUrl: URL | undefined;
  /** AWS Region it runs in: its IoT endpoints are `xxxx-ats.iot.{region}.amazonaws.com`. */
  readonly region: string | undefined;
  /** Hosts that the plan function found, by way of the state machine or of `iot:DescribeEndpoint`, not by plan.json. */
  readonly hosts: readonly string[] | undefined;
}

/** The plan names a target that the process would not choose by itself: nothing connects. Exit code 3. */
export class ForgedTargetError extends StampedeError {
  constructor(what: string) {
    super(
      'ForgedTarget',
      `plan.json names ${what}, which is not the target of this run: nothing was connected\n` +
        '  → plan.json was changed after it was planned, or the plan function has another IOT_ENDPOINT than this one; start the run again',
      { exitCode: exitCodes.refusedByPreflight },
    );
  }
}

/**
 * Checks the target of a plan again, where connections are made: plan.json is a file, and devices bring credentials.
 * Where the process's environment names endpoints, the plan's must be among them. Elsewhere the plan's must be those of one
 * AWS IoT Core endpoint in the process's Region, and of a host that was found independently of plan.json.
 * @throws ForgedTargetError
 */
export function checkPlannedTarget(planned: Target | undefined, known: KnownTarget): Target {
  const target = planned ?? {
    kind: 'aws-iot',
    endpoints: known.iotEndpoints,
    dataUrl: known.iotDataUrl?.href,
  };
  const endpoints =
    known.iotEndpoints.length > 0 ? known.iotEndpoints : iotCoreEndpointsOf(accountHostOf(target, known));
  for (const endpoint of target.endpoints) {
    if (!endpoints.some((each) => formatMqttEndpoint(each) === formatMqttEndpoint(endpoint)))
      throw new ForgedTargetError(formatMqttEndpoint(endpoint));
  }
  const { dataUrl } = target;
  if (dataUrl === undefined) return target;
  const dataUrls =
    known.iotDataUrl === undefined ? endpoints.map(({ host }) => `https://${host}`) : [known.iotDataUrl.href];
  if (!dataUrls.some((each) => sameUrl(each, dataUrl))) throw new ForgedTargetError(dataUrl);
  return target;
}

/** The one host of an AWS IoT Core endpoint. */
function accountHostOf({ endpoints, dataUrl }: Target, { region, hosts }: KnownTarget): string {
  const host = endpoints[0]?.host;
  if (host === undefined) throw new ForgedTargetError(dataUrl ?? 'no endpoint');
  const isKnown = hosts?.includes(host) === true;
  if (!isKnown || region === undefined || !isIotCoreHost(host, region)) throw new ForgedTargetError(host);
  return host;
}

/** Hosts of a target, for the state machine to hand to the slices. */
export function hostsOf(target: Target | undefined): string[] {
  return [...new Set(target?.endpoints.map(({ host }) => host))];
}

function sameUrl(a: string, b: string): boolean {
  return URL.canParse(a) && URL.canParse(b) && new URL(a).href === new URL(b).href;
}
