import type { Packet } from 'mqtt-packet';
import type { ByteStream, Connector } from '../../network/connector.ts';
import type { MqttSettings, TransportClients, TransportListener } from '../../transport.ts';
import type { EncodedTopics } from './encoded-topics.ts';
import type { IncomingPublish } from './incoming-publish.ts';
import type { MqttVersion, PublishPacket } from './packets.ts';
import type { PublishBuffer } from './publish-buffer.ts';

/** What the connections of one dense transport share: one thread, so one buffer each way serves them all. */
export interface DenseContext {
  readonly settings: MqttSettings;
  readonly clients: TransportClients;
  readonly connector: Connector;
  readonly mqttVersion: MqttVersion;
  readonly checkEveryMs: number;
  readonly pingTimeoutMs: number;
  /** Replaced by a listener that ignores all events when the transport closes. */
  listener: TransportListener;
  /** Where every socket's bytes arrive, to be read before the next socket's do. */
  readonly chunk: Buffer;
  readonly buffer: PublishBuffer;
  /** The PUBLISH that is being written, and the one that is being read. */
  readonly outgoing: PublishPacket;
  readonly incoming: IncomingPublish;
  readonly topics: EncodedTopics;
  readonly decode: (bytes: Buffer) => Packet | undefined;
  /** Counts flushes: publishes between two of them belong to one tick. */
  tick: number;
  /** Streams of devices that have gone silent, open until the service closes them. */
  readonly silent: Set<ByteStream>;
  /** Connections with more than one packet in this tick. */
  readonly gathering: { flush(): void }[];
  flush(): void;
  /** A stream is closed. */
  closed(): void;
}
