import type { OnReadOpts } from 'node:net';
import type { ByteStream, Connector } from '../connector.ts';
import { ShapedStream } from './shaped-stream.ts';
import type { SliceNetwork } from './slice-network.ts';

/**
 * A connector whose streams have the network of their slice, also once that changes. While it does nothing each write and each read
 * is one check more.
 * @param carrier over TCP or TLS, below any WebSocket
 */
export function makeShapedConnector(carrier: Connector, network: SliceNetwork): Connector {
  return {
    open(device: number, onread: OnReadOpts, ready: () => void): ByteStream {
      return new ShapedStream({ carrier, network, device, onread, ready });
    },
  };
}
