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

/** Whether AWS IoT Core of this Region answers there, by the name: those names are AWS's. */
export function isIotCoreHost(host: string, region: string): boolean {
  const [, ofRegion] = /^[a-z0-9]+(?:-ats)?\.iot\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(host) ?? [];
  return ofRegion === region;
}
