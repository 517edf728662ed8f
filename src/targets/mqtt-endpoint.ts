import type { AuthKind } from '../profile/load-profile.ts';

/** One way into a service that speaks MQTT. */
export interface MqttEndpoint {
  readonly scheme: 'mqtt' | 'mqtts' | 'ws' | 'wss';
  readonly host: string;
  readonly port: number;
  /** Of a WebSocket, with its query; absent: `/mqtt`. */
  readonly path?: string;
  /** The ALPN protocol, where one port serves several. */
  readonly alpn?: string;
  /** How a client authenticates there. No scheme implies it: TLS may ask for a certificate, for a password or for nothing. */
  readonly auth: AuthKind;
}

/** Registered ports. @see https://www.iana.org/assignments/service-names-port-numbers */
export const defaultPorts = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 } as const;

/** What can be shown over each: a certificate takes TLS, a signature the request of a WebSocket. */
export const authOver: Readonly<Record<MqttEndpoint['scheme'], readonly AuthKind[]>> = {
  mqtt: ['none', 'password', 'custom'],
  mqtts: ['none', 'password', 'x509', 'custom'],
  ws: ['none', 'password', 'custom'],
  wss: ['none', 'password', 'sigv4', 'x509', 'custom'],
};

/**
 * Reads `mqtts://host:8883?auth=x509`, with `alpn=mqtt` where the port serves several protocols.
 * @returns what is wrong with it, where it is no endpoint
 */
export function parseMqttEndpoint(text: string): MqttEndpoint | { readonly wrong: string } {
  if (!URL.canParse(text)) return { wrong: `is not a URL: ${text}` };
  const url = new URL(text);
  const scheme = url.protocol.slice(0, -1);
  if (!isScheme(scheme)) return { wrong: `has a scheme no endpoint has: ${text}` };
  const allowed = authOver[scheme];
  const given = url.searchParams.get('auth');
  const auth = allowed.find((each) => each === given);
  if (auth === undefined) {
    const wanted = `?auth=${allowed.join(', ?auth=')}`;
    return { wrong: `must say how clients authenticate over ${scheme} (${wanted}): ${text}` };
  }
  const alpn = url.searchParams.get('alpn');
  const path = url.searchParams.get('path');
  return {
    scheme,
    host: url.hostname,
    port: url.port === '' ? defaultPorts[scheme] : Number(url.port),
    ...(path === null ? {} : { path }),
    ...(alpn === null ? {} : { alpn }),
    auth,
  };
}

/** The endpoint for a profile's `connect.auth`; without one, the first. Undefined: there is none. */
export function endpointFor(
  endpoints: readonly MqttEndpoint[],
  auth: AuthKind | undefined,
): MqttEndpoint | undefined {
  return endpoints.find((each) => auth === undefined || each.auth === auth);
}

export function isOverTls({ scheme }: Pick<MqttEndpoint, 'scheme'>): boolean {
  return scheme === 'mqtts' || scheme === 'wss';
}

function isScheme(text: string): text is MqttEndpoint['scheme'] {
  return Object.hasOwn(authOver, text);
}

/** In the form that `parseMqttEndpoint` reads. */
export function formatMqttEndpoint({ scheme, host, port, path, alpn, auth }: MqttEndpoint): string {
  const query = [
    `auth=${auth}`,
    ...(alpn === undefined ? [] : [`alpn=${alpn}`]),
    ...(path === undefined ? [] : [`path=${encodeURIComponent(path)}`]),
  ];
  return `${scheme}://${host}:${port}?${query.join('&')}`;
}
