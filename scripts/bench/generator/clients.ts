import type { SliceDevices } from '../../../src/device/slice-devices.ts';
import type { MakeTransport, MqttSettings } from '../../../src/device/transport.ts';
import type { RunnerClient, Target } from './load.ts';

export const mqttSettings: MqttSettings = {
  qos: 1,
  keepAliveMs: 300_000,
  cleanStart: true,
  connectTimeoutMs: 30_000,
  ackTimeoutMs: 5_000,
};

/** Only the client that is measured is loaded: dense and MQTT.js share a codec, which dense sets up for itself. */
export async function makeTransportOf(
  client: RunnerClient,
  { host, port, tls }: Target,
  qos: 0 | 1,
  mqttVersion: 4 | 5 = 5,
): Promise<MakeTransport> {
  const settings = { ...mqttSettings, qos };
  const address = { host, port };
  switch (client) {
    case 'dense': {
      const { makeTcpConnector, makeTlsConnector } = await import('../../../src/device/network/connector.ts');
      const { makeDenseTransport } = await import('../../../src/device/transports/dense.ts');
      return makeDenseTransport({
        ...settings,
        mqttVersion,
        connector: tls === undefined ? makeTcpConnector(address) : makeTlsConnector(address, tls),
      });
    }
    case 'device-sdk': {
      const { makeDeviceSdkTransport } = await import('../../../src/device/transports/device-sdk.ts');
      if (tls === undefined) return makeDeviceSdkTransport({ ...settings, ...address });
      const { io } = await import('aws-iot-device-sdk-v2');
      const options = io.TlsContextOptions.create_client_with_mtls(tls.cert, tls.key);
      options.override_default_trust_store(tls.ca);
      const tlsCtx = new io.ClientTlsContext(options);
      return makeDeviceSdkTransport({ ...settings, ...address, secure: { tlsCtx } });
    }
    case 'mqtt-js': {
      const { makeMqttJsTransport } = await import('./mqtt-js-transport.ts');
      return makeMqttJsTransport({ target: { host, port, ...(tls && { tls }) }, qos });
    }
  }
}

/** Devices of no plan. */
export function describeBenchDevices(count: number): SliceDevices {
  return {
    count,
    clientId: (device) => `stampede-bench-d${device}`,
    topic: (device) => `stampede/bench/d${device}/telemetry`,
    echoes: () => false,
  };
}
