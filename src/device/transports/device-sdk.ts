import type { DisconnectKind } from '../../profile/planned-action.ts';
import {
  type MakeTransport,
  NotOfferedError,
  type OutgoingMessage,
  type Qos,
  type Transport,
  type TransportClients,
  type TransportListener,
} from '../transport.ts';
import type { DeviceSdkSettings } from './device-sdk/sdk-config.ts';
import { SdkDevice } from './device-sdk/sdk-device.ts';

export function makeDeviceSdkTransport(settings: DeviceSdkSettings): MakeTransport {
  return (listener, clients) => new DeviceSdkTransport(settings, listener, clients);
}

/**
 * The MQTT 5 client that real fleets run: aws-iot-device-sdk-v2, one client a device. The slice paces, so the SDK's own
 * pacing (100 publishes and 512 KB a second) is off. The slice decides when to connect again, so a client that lost its
 * connection is stopped until the slice calls `connect`; publishes in flight then fail instead of waiting in its queue. It
 * answers pings and acknowledges what it received by itself, so that it cannot be made silent. It has no QoS 2.
 */
class DeviceSdkTransport implements Transport {
  readonly #clients: SdkDevice[] = [];

  constructor(settings: DeviceSdkSettings, listener: TransportListener, clients: TransportClients) {
    for (let device = 0; device < clients.count; device++) {
      this.#clients.push(new SdkDevice({ settings, listener, device, clients }));
    }
  }

  connect(device: number): void {
    this.#clients[device]!.connect();
  }

  send(device: number, message: OutgoingMessage): boolean {
    requireQos(message.qos);
    return this.#clients[device]!.send(message);
  }

  subscribe(device: number, filter: string, qos: Qos): void {
    requireQos(qos);
    this.#clients[device]!.subscribe(filter, qos);
  }

  disconnect(device: number, how: DisconnectKind): void {
    if (how === 'silent') throw new NotOfferedError('device-sdk', 'silent disconnects');
    this.#clients[device]!.disconnect(how);
  }

  /** The SDK gathers by itself. */
  flush(): void {}

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }
}

/** @throws NotOfferedError */
function requireQos(qos: Qos): void {
  if (qos === 2) throw new NotOfferedError('device-sdk', 'QoS 2');
}
