import type { MqttEndpoint } from '../mqtt-endpoint.ts';

/**
 * The MQTT endpoints of one host of AWS IoT Core: WebSocket with a signature, TLS with a certificate, TLS for a custom authorizer.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
 */
export function iotCoreEndpointsOf(host: string): MqttEndpoint[] {
  return [
    { scheme: 'wss', host, port: 443, auth: 'sigv4' },
    { scheme: 'mqtts', host, port: 8883, auth: 'x509' },
    { scheme: 'mqtts', host, port: 443, alpn: 'mqtt', auth: 'custom' },
  ];
}

/** The Region of a host of AWS IoT Core; undefined: its name is not AWS's. */
export function iotCoreHostOf(host: string): { readonly region: string } | undefined {
  const [, region] = iotCoreHost.exec(host) ?? [];
  return region === undefined ? undefined : { region };
}

const iotCoreHost = /^[a-z0-9]+(?:-ats)?\.iot\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;

/** Whether AWS IoT Core of this Region answers there, by the name: those names are AWS's. */
export function isIotCoreHost(host: string, region: string): boolean {
  return iotCoreHostOf(host)?.region === region;
}
