import type { Connector } from '../../../src/device/network/connector.ts';
import type { MakeTransport, MqttSettings, TransportClients } from '../../../src/device/transport.ts';
import type { NetworkForm } from '../../../src/profile/network-presets.ts';
import { makeSystemClock } from '../../../src/shared/clock.ts';
import type { RunnerClient, Target } from './load.ts';

export const mqttSettings: MqttSettings = {
  keepAliveMs: 300_000,
  cleanStart: true,
  sessionExpirySeconds: 0,
  connectTimeoutMs: 30_000,
  ackTimeoutMs: 5_000,
};

interface ClientOptions {
  /** Default: 5. */
  readonly mqttVersion?: 4 | 5 | undefined;
  /** Of dense; undefined: its connections go through no network at all, which is less than in a run. */
  readonly network?: NetworkForm | undefined;
}

/** Only the client that is measured is loaded: dense and MQTT.js share a codec, which dense sets up for itself. */
export async function makeTransportOf(
  client: RunnerClient,
  { host, port, tls }: Target,
  { mqttVersion = 5, network }: ClientOptions = {},
): Promise<MakeTransport> {
  const address = { host, port };
  switch (client) {
    case 'dense': {
      const { makeTcpConnector, makeTlsConnector } = await import('../../../src/device/network/connector.ts');
      const { makeDenseTransport } = await import('../../../src/device/transports/dense.ts');
      const carrier = tls === undefined ? makeTcpConnector(address) : makeTlsConnector(address, tls);
      const connector = network === undefined ? carrier : await shape(carrier, network);
      return makeDenseTransport({ ...mqttSettings, mqttVersion, connector });
    }
    case 'device-sdk': {
      const { makeDeviceSdkTransport } = await import('../../../src/device/transports/device-sdk.ts');
      if (tls === undefined) return makeDeviceSdkTransport({ ...mqttSettings, ...address });
      const { io } = await import('aws-iot-device-sdk-v2');
      const options = io.TlsContextOptions.create_client_with_mtls(tls.cert, tls.key);
      options.override_default_trust_store(tls.ca);
      const tlsCtx = new io.ClientTlsContext(options);
      return makeDeviceSdkTransport({ ...mqttSettings, ...address, secureOf: () => ({ tlsCtx }) });
    }
    case 'mqtt-js': {
      const { makeMqttJsTransport } = await import('./mqtt-js-transport.ts');
      return makeMqttJsTransport({ host, port, ...(tls && { tls }) });
    }
  }
}

async function shape(carrier: Connector, form: NetworkForm): Promise<Connector> {
  const { makeShapedConnector } = await import('../../../src/device/network/shaping/shaped-connector.ts');
  const { SliceNetwork } = await import('../../../src/device/network/shaping/slice-network.ts');
  const { changeNetwork } = await import('../../../src/profile/network-conditions.ts');
  const planned = changeNetwork({}, form);
  const clock = makeSystemClock();
  return makeShapedConnector(
    carrier,
    new SliceNetwork({ clock, seed: 1, firstDevice: 0, planned, isOut: () => false }),
  );
}

/** Devices of no plan. */
export function nameBenchClients(count: number): TransportClients {
  return { count, clientId: (device) => `stampede-bench-d${device}` };
}

export function benchTopicOf(device: number): string {
  return `stampede/bench/d${device}/telemetry`;
}
