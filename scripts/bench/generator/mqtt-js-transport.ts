import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import {
  type MakeTransport,
  NotOfferedError,
  type OutgoingMessage,
  type Transport,
  type TransportClients,
  type TransportListener,
} from '../../../src/device/transport.ts';
import type { Target } from './load.ts';

/** MQTT.js 5 (npm: mqtt), the client that most JavaScript publishes with: one client a device, as its users do. */
export function makeMqttJsTransport(target: Target): MakeTransport {
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
  return (listener, clients) => new MqttJsTransport(options, listener, clients);
}

class MqttJsTransport implements Transport {
  readonly #clients: (MqttClient | undefined)[] = [];
  readonly #options: IClientOptions;
  readonly #listener: TransportListener;
  readonly #names: TransportClients;

  constructor(options: IClientOptions, listener: TransportListener, names: TransportClients) {
    this.#options = options;
    this.#listener = listener;
    this.#names = names;
  }

  connect(device: number): void {
    const client = connect({ ...this.#options, clientId: this.#names.clientId(device) });
    client.on('connect', (connack) =>
      this.#listener.connected(device, connack.properties?.receiveMaximum ?? 65_535, false),
    );
    client.on('error', (error) => {
      throw error;
    });
    this.#clients[device] = client;
  }

  send(device: number, { token, topic, payload, qos }: OutgoingMessage): boolean {
    // It keeps the payload until the PUBACK, so it has to be its own.
    this.#clients[device]!.publish(topic, Buffer.from(payload), { qos }, (error) => {
      if (error) throw error;
      if (qos === 1) this.#listener.acknowledged(device, token);
    });
    return true;
  }

  subscribe(): never {
    throw new NotOfferedError('MQTT.js of the benchmark', 'subscriptions');
  }

  disconnect(): never {
    throw new NotOfferedError('MQTT.js of the benchmark', 'disconnects of single devices');
  }

  flush(): void {}

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client?.endAsync(true)));
  }
}
