import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { SliceDevices } from '../../../src/device/slice-devices.ts';
import type { MakeTransport, Transport, TransportListener } from '../../../src/device/transport.ts';
import type { Load } from './load.ts';

/** MQTT.js 5 (npm: mqtt), the client that most JavaScript publishes with: one client a device, as its users do. */
export function makeMqttJsTransport({ target, qos }: Pick<Load, 'target' | 'qos'>): MakeTransport {
  const options: IClientOptions = {
    protocol: target.tls === undefined ? 'mqtt' : 'mqtts',
    host: target.host,
    port: target.port,
    ...target.tls,
    protocolVersion: 5,
    reconnectPeriod: 0,
    keepalive: 300,
    // Without a topic for each, MQTT.js checks every topic's characters again.
    resubscribe: false,
  };
  return (listener, devices) => new MqttJsTransport(options, qos, listener, devices);
}

class MqttJsTransport implements Transport {
  readonly #clients: (MqttClient | undefined)[] = [];
  readonly #topics: string[] = [];
  readonly #options: IClientOptions;
  readonly #qos: 0 | 1;
  readonly #listener: TransportListener;
  readonly #devices: SliceDevices;

  constructor(options: IClientOptions, qos: 0 | 1, listener: TransportListener, devices: SliceDevices) {
    this.#options = options;
    this.#qos = qos;
    this.#listener = listener;
    this.#devices = devices;
  }

  connect(device: number): void {
    const client = connect({ ...this.#options, clientId: this.#devices.clientId(device) });
    client.on('connect', (connack) =>
      this.#listener.connected(device, connack.properties?.receiveMaximum ?? 65_535),
    );
    client.on('error', (error) => {
      throw error;
    });
    this.#clients[device] = client;
    this.#topics[device] = this.#devices.topic(device);
  }

  /** Devices of the benchmark have no subscription. */
  subscribe(): void {}

  publish(device: number, n: number, payload: Buffer): boolean {
    // It keeps the payload until the PUBACK, so it has to be its own.
    this.#clients[device]!.publish(
      this.#topics[device]!,
      Buffer.from(payload),
      { qos: this.#qos },
      (error) => {
        if (error) throw error;
        if (this.#qos === 1) this.#listener.acknowledged(device, n);
      },
    );
    return true;
  }

  flush(): void {}

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client?.endAsync(true)));
  }
}
