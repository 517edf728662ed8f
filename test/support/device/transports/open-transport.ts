import { makeTcpConnector } from '../../../../src/device/network/connector.ts';
import type {
  MqttSettings,
  MqttWill,
  Qos,
  Transport,
  TransportClients,
} from '../../../../src/device/transport.ts';
import { makeDenseTransport } from '../../../../src/device/transports/dense.ts';
import { makeDeviceSdkTransport } from '../../../../src/device/transports/device-sdk.ts';
import type { HttpsSettings } from '../../../../src/device/transports/https.ts';
import { testKey } from '../../embedded/test-key.ts';
import { RecordingListener } from './recording-listener.ts';
import { ScriptedBroker } from './scripted-broker.ts';

interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Options extends Partial<MqttSettings> {
  devices?: number;
  /** Of `publish`. */
  qos?: Qos;
  mqttVersion?: 4 | 5;
  /** Of each device. */
  will?: MqttWill;
}

export interface Opened {
  readonly listener: RecordingListener;
  readonly transport: Transport;
  /** Sends a message on the device's own topic. */
  publish(device: number, token: number, payload: Buffer): boolean;
}

const cleanups: (() => Promise<unknown>)[] = [];

export function cleanUpLater(cleanup: () => Promise<unknown>): void {
  cleanups.push(cleanup);
}

/** Closes what the test opened, last first. */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

/** Settings of HTTPS to an IoT Core of this machine. */
export function httpsSettingsOf(dataUrl: string): HttpsSettings {
  return { ackTimeoutMs: 30_000, dataUrl, region: 'us-east-1', credentials: async () => testKey };
}

export function nameClients(count: number): TransportClients {
  return { count, clientId: (device) => `run-d${device}` };
}

export function publishBy(transport: Transport, qos: Qos = 1): Opened['publish'] {
  return (device, token, payload) =>
    transport.send(device, { token, topic: `t/d${device}`, payload, qos, retain: false });
}

export function open(kind: 'dense' | 'device-sdk', address: Address, options: Options = {}): Opened {
  const { devices = 1, qos = 1, mqttVersion = 5, will, ...rest } = options;
  const settings: MqttSettings = {
    keepAliveMs: 60_000,
    cleanStart: true,
    sessionExpirySeconds: rest.cleanStart === false ? 3_600 : 0,
    connectTimeoutMs: 30_000,
    ackTimeoutMs: 30_000,
    ...rest,
  };
  const listener = new RecordingListener();
  const make =
    kind === 'dense'
      ? makeDenseTransport({ ...settings, connector: makeTcpConnector(address), mqttVersion })
      : makeDeviceSdkTransport({ ...settings, ...address });
  const transport = make(listener, { ...nameClients(devices), ...(will && { will: () => will }) });
  let closing: Promise<void> | undefined;
  cleanUpLater(() => (closing ??= transport.close()));
  return { listener, transport, publish: publishBy(transport, qos) };
}

export async function startBroker(): Promise<ScriptedBroker> {
  const broker = await ScriptedBroker.start();
  cleanUpLater(() => broker.close());
  return broker;
}
