import type { AuthKind } from '../profile/load-profile.ts';
import { iotCoreHostOf } from './aws-iot/endpoints.ts';
import { authOver, defaultPorts, type MqttEndpoint } from './mqtt-endpoint.ts';
import type { Target } from './target.ts';

/** A URL that is no target: what is wrong with it, and what to do. */
export interface WrongTarget {
  readonly wrong: string;
  readonly hint: string;
}

const examples =
  'give mqtt://host:1883, mqtts://host:8883, ws://host/mqtt, wss://host/mqtt, http://host/path or https://host/path';

/** Schemes of MQTT and of HTTP. */
const targetSchemes = ['mqtt', 'mqtts', 'ws', 'wss', 'http', 'https'] as const;

/** What MQTT brokers, and AWS IoT Core, have over WebSocket where a URL does not say a path. */
const webSocketPath = '/mqtt';

/**
 * Reads what a profile names as its target.
 * @param auths how the profile's devices authenticate there, by group; undefined: the profile does not say
 */
export function parseTarget(text: string, auths: readonly (AuthKind | undefined)[]): Target | WrongTarget {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined)
    return {
      wrong: `is not a URL: "${withoutLogin(text)}"`,
      hint: `a URL begins with its scheme: ${examples}`,
    };
  const known = targetSchemes.find((each) => each === scheme);
  if (known === undefined) return { wrong: `has a scheme that no target has: ${scheme}://`, hint: examples };
  if (!URL.canParse(text)) return notUrl(text);
  const url = new URL(text);
  const found = url.username !== '' || url.password !== '' ? credentialsInUrl : wrongParts(url);
  if (found !== undefined) return found;
  return known === 'http' || known === 'https' ? httpTargetOf(text) : mqttTargetOf(url, known, auths);
}

/** The two mistakes that look like a URL. */
function notUrl(text: string): WrongTarget {
  const [, host = '', port] =
    /^[^:]*:\/\/(?:[^/?#]*@)?(\[[^\]]*\]|[^/?#]*?)(?::(\d*))?(?:[/?#]|$)/.exec(text) ?? [];
  if (port !== undefined && Number(port) > maxPort)
    return { wrong: `has port ${port}`, hint: `a port is a number from 1 to ${maxPort}` };
  const hint = host.includes(':') ? 'an IPv6 address stands in brackets: mqtt://[::1]:1883' : examples;
  return { wrong: `is not a URL: "${withoutLogin(text)}"`, hint };
}

const maxPort = 65_535;

/** What is before an @ may be a password. */
function withoutLogin(text: string): string {
  return text.replace(/^.*@/s, '…@');
}

const credentialsInUrl: WrongTarget = {
  wrong: 'holds a user name or password, and reports show it',
  hint: 'leave them out of the URL: set connect.username, and connect.password as {"variable": "NAME"}',
};

function wrongParts({ hostname, hash, port }: URL): WrongTarget | undefined {
  if (hostname === '') return { wrong: 'names no host', hint: examples };
  if (port === '0') return { wrong: 'has port 0', hint: 'give the port that the target listens on' };
  return hash === '' ? undefined : { wrong: 'has a fragment (#)', hint: 'leave it out: no server gets it' };
}

/** Placeholders stay as they are: `{deviceId}` is not to become `%7BdeviceId%7D`. */
function httpTargetOf(text: string): Target {
  return { kind: 'http', url: text };
}

function mqttTargetOf(
  url: URL,
  scheme: MqttEndpoint['scheme'],
  auths: readonly (AuthKind | undefined)[],
): Target | WrongTarget {
  const { hostname: host, pathname, search } = url;
  const isWebSocket = scheme === 'ws' || scheme === 'wss';
  const path = pathname === '/' || pathname === '' ? '' : pathname;
  // AWS IoT Core under a domain of the user's own.
  const customRegion = isWebSocket ? undefined : /^\?region=([a-z0-9-]+)$/.exec(search)?.[1];
  if (!isWebSocket && path + (customRegion === undefined ? search : '') !== '') {
    const other = path === '' ? '' : `; over WebSocket there are paths: ws://${host}${path}`;
    const hint = `leave out ${path}${search}${other}`;
    return { wrong: `has a path or a query, which ${scheme}:// has not`, hint };
  }
  const port = url.port === '' ? defaultPorts[scheme] : Number(url.port);
  const region = iotCoreHostOf(host)?.region ?? customRegion;
  const isIotCore = region !== undefined;
  const endpoint = {
    scheme,
    host,
    port,
    ...(isWebSocket && { path: (path || webSocketPath) + search }),
  };
  const { [scheme]: allowed } = authOver;
  const wanted = new Set(auths.map((auth) => auth ?? (isIotCore ? 'x509' : 'none')));
  // An auth that the scheme cannot carry is an error of the profile, not of the URL.
  const endpoints = [...wanted]
    .filter((auth) => allowed.includes(auth))
    .map((auth): MqttEndpoint => ({ ...endpoint, ...(isIotCore && alpnOf(endpoint, auth)), auth }));
  return isIotCore ? { kind: 'aws-iot', endpoints, isNamed: true, region } : { kind: 'mqtt', endpoints };
}

/**
 * AWS IoT Core's port 443 serves several protocols.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
 */
function alpnOf({ port, scheme }: Pick<MqttEndpoint, 'port' | 'scheme'>, auth: AuthKind): { alpn?: string } {
  if (port !== 443 || scheme !== 'mqtts') return {};
  return { alpn: auth === 'x509' ? 'x-amzn-mqtt-ca' : 'mqtt' };
}
