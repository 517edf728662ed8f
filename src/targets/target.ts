/** What a run loads. */
export interface Target {
  /** Endpoints of the IoT endpoint, the default one first. */
  readonly endpoints: readonly IotEndpoint[];
  /**
   * The endpoint's HTTPS API: publishes over HTTPS and the control messages go there. Absent in plans that were made before
   * it was known: the SDK's default, which AWS calls a testing endpoint.
   */
  readonly dataUrl?: string | undefined;
}

/** One way into the IoT endpoint. */
export interface IotEndpoint {
  readonly scheme: 'mqtt' | 'mqtts' | 'wss';
  readonly host: string;
  readonly port: number;
  /** The ALPN protocol, where one port serves several. */
  readonly alpn?: string;
}

/** Ports of AWS IoT Core: https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html */
export const iotCorePorts = { mqtt: 1883, mqtts: 8883, wss: 443 } as const;

/** The endpoints of an AWS IoT Core endpoint: WebSocket for SigV4, TLS for certificates, and TLS for custom authorizers. */
export function iotCoreEndpointsOf(host: string): IotEndpoint[] {
  return [
    { scheme: 'wss', host, port: iotCorePorts.wss },
    { scheme: 'mqtts', host, port: iotCorePorts.mqtts },
    { scheme: 'mqtts', host, port: 443, alpn: 'mqtt' },
  ];
}
