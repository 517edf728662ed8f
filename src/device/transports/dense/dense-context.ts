import type { Packet } from 'mqtt-packet';
import type { Connector } from '../../network/connector.ts';
import type { SliceDevices } from '../../slice-devices.ts';
import type { MqttSettings, TransportListener } from '../../transport.ts';
import type { MqttVersion } from './packets.ts';
import type { PublishBuffer } from './publish-buffer.ts';

/** What the connections of one dense transport share: one thread, so one buffer each way serves them all. */
export interface DenseContext {
  readonly settings: MqttSettings;
  readonly devices: SliceDevices;
  readonly connector: Connector;
  readonly mqttVersion: MqttVersion;
  readonly checkEveryMs: number;
  readonly pingTimeoutMs: number;
  /** Replaced by a listener that ignores all events when the transport closes. */
  listener: TransportListener;
  /** Where every socket's bytes arrive, to be read before the next socket's do. */
  readonly chunk: Buffer;
  readonly buffer: PublishBuffer;
  readonly decode: (bytes: Buffer) => Packet | undefined;
  /** Counts flushes: publishes between two of them belong to one tick. */
  tick: number;
  /** Connections with more than one publish in this tick. */
  readonly gathering: { flush(): void }[];
  flush(): void;
  /** A stream is gone. */
  closed(): void;
}
