import type { DisconnectKind } from '../../profile/planned-action.ts';
import type { Connector } from '../network/connector.ts';
import {
  type MakeTransport,
  type MqttSettings,
  type OutgoingMessage,
  type Qos,
  silentListener,
  type Transport,
  type TransportClients,
  type TransportListener,
} from '../transport.ts';
import { DenseConnection } from './dense/dense-connection.ts';
import type { DenseContext } from './dense/dense-context.ts';
import { EncodedTopics } from './dense/encoded-topics.ts';
import { IncomingPublish } from './dense/incoming-publish.ts';
import { type MqttVersion, makeRarePacketDecoder } from './dense/packets.ts';
import { PublishBuffer } from './dense/publish-buffer.ts';

export interface DenseSettings extends MqttSettings {
  readonly connector: Connector;
  /** Default: 5. 4 is MQTT 3.1.1. */
  readonly mqttVersion?: MqttVersion;
}

const nothing = Buffer.alloc(0);
const chunkBytes = 64 * 1024;
/** How long a broker may take to answer a ping, and at the end to close after a DISCONNECT. */
const pingTimeoutMs = 20_000;
const closeTimeoutMs = 300;

export function makeDenseTransport(settings: DenseSettings): MakeTransport {
  return (listener, clients) => new DenseTransport(settings, listener, clients);
}

/**
 * Stampede's own MQTT client: many devices on one core. It implements only what a publishing device needs, and does that with
 * shared buffers, pre-encoded topics, a few bytes for the packet identifiers in use, and one timer for all keep-alives.
 */
class DenseTransport implements Transport {
  readonly #connections: DenseConnection[] = [];
  readonly #context: DenseContext;
  readonly #checks: NodeJS.Timeout;
  #open = 0;
  #allClosed: (() => void) | undefined;

  constructor(settings: DenseSettings, listener: TransportListener, clients: TransportClients) {
    const mqttVersion = settings.mqttVersion ?? 5;
    const checkEveryMs = Math.min(1_000, settings.keepAliveMs / 8 || 1_000, settings.connectTimeoutMs / 4);
    this.#context = {
      settings,
      clients,
      connector: settings.connector,
      mqttVersion,
      checkEveryMs,
      pingTimeoutMs: Math.min(pingTimeoutMs, settings.keepAliveMs / 2),
      listener,
      chunk: Buffer.allocUnsafeSlow(chunkBytes),
      buffer: new PublishBuffer(mqttVersion),
      outgoing: {
        topic: nothing,
        alias: 0,
        properties: undefined,
        qos: 0,
        id: 0,
        retain: false,
        payload: nothing,
      },
      incoming: new IncomingPublish(mqttVersion),
      topics: new EncodedTopics(clients.count),
      silent: new Set(),
      decode: makeRarePacketDecoder(mqttVersion),
      tick: 0,
      gathering: [],
      flush: () => this.flush(),
      closed: () => this.#oneClosed(),
    };
    for (let device = 0; device < clients.count; device++) {
      this.#connections.push(new DenseConnection(this.#context, device));
    }
    this.#checks = setInterval(() => this.#check(), checkEveryMs);
  }

  connect(device: number): void {
    this.#open++;
    this.#connections[device]!.open();
  }

  send(device: number, message: OutgoingMessage): boolean {
    return this.#connections[device]!.send(message);
  }

  subscribe(device: number, filter: string, qos: Qos): void {
    this.#connections[device]!.subscribe(filter, qos);
  }

  disconnect(device: number, how: DisconnectKind): void {
    this.#connections[device]!.disconnect(how);
  }

  flush(): void {
    const { gathering } = this.#context;
    this.#context.tick++;
    if (gathering.length === 0) return;
    for (const connection of gathering) connection.flush();
    gathering.length = 0;
  }

  async close(): Promise<void> {
    clearInterval(this.#checks);
    this.flush();
    this.#context.listener = silentListener;
    if (this.#open === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#allClosed = resolve;
    for (const stream of this.#context.silent) stream.destroy();
    for (const connection of this.#connections) connection.disconnect('clean');
    const timeout = setTimeout(() => {
      for (const connection of this.#connections) connection.disconnect('drop');
    }, closeTimeoutMs);
    await promise;
    clearTimeout(timeout);
  }

  #check(): void {
    const nowMs = performance.now();
    for (const connection of this.#connections) connection.check(nowMs);
  }

  #oneClosed(): void {
    this.#open--;
    if (this.#open === 0) this.#allClosed?.();
  }
}
