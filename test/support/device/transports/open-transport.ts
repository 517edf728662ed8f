import { makeTcpConnector } from '../../../../src/device/network/connector.ts';
import type { SliceDevices } from '../../../../src/device/slice-devices.ts';
import type { MqttSettings, Transport } from '../../../../src/device/transport.ts';
import { makeDenseTransport } from '../../../../src/device/transports/dense.ts';
import { makeDeviceSdkTransport } from '../../../../src/device/transports/device-sdk.ts';
import { RecordingListener } from './recording-listener.ts';
import { ScriptedBroker } from './scripted-broker.ts';

interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Options extends Partial<MqttSettings> {
  devices?: number;
  echoes?: boolean;
  mqttVersion?: 4 | 5;
}

export interface Opened {
  readonly listener: RecordingListener;
  readonly transport: Transport;
}

const cleanups: (() => Promise<unknown>)[] = [];

export function cleanUpLater(cleanup: () => Promise<unknown>): void {
  cleanups.push(cleanup);
}

/** Closes what the test opened, last first. */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

export function describeDevices(count: number, echoes = false): SliceDevices {
  return { count, clientId: (d) => `run-d${d}`, topic: (d) => `t/d${d}`, echoes: () => echoes };
}

export function open(kind: 'dense' | 'device-sdk', address: Address, options: Options = {}): Opened {
  const { devices = 1, echoes = false, mqttVersion = 5, ...rest } = options;
  const settings: MqttSettings = {
    qos: 1,
    keepAliveMs: 60_000,
    cleanStart: true,
    connectTimeoutMs: 5_000,
    ackTimeoutMs: 5_000,
    ...rest,
  };
  const listener = new RecordingListener();
  const make =
    kind === 'dense'
      ? makeDenseTransport({ ...settings, connector: makeTcpConnector(address), mqttVersion })
      : makeDeviceSdkTransport({ ...settings, ...address });
  const transport = make(listener, describeDevices(devices, echoes));
  let closing: Promise<void> | undefined;
  cleanUpLater(() => (closing ??= transport.close()));
  return { listener, transport };
}

export async function startBroker(): Promise<ScriptedBroker> {
  const broker = await ScriptedBroker.start();
  cleanUpLater(() => broker.close());
  return broker;
}
