import { connect as connectTcp, isIP, type OnReadOpts } from 'node:net';
import {
  type ConnectionOptions,
  connect as connectTls,
  createSecureContext,
  type SecureContext,
} from 'node:tls';

/**
 * Opens connections to a broker: byte streams that carry MQTT, over TCP, over TLS with a certificate or over a WebSocket with a
 * signature.
 */
export interface Connector {
  /**
   * Begins to open a device's stream; `ready` is called once it may be written to. Received bytes go to `onread`.
   * @param device index within the slice: its certificate and its network may be its own
   */
  open(device: number, onread: OnReadOpts, ready: () => void): ByteStream;
}

/** The part of a socket that the dense transport uses. */
export interface ByteStream {
  readonly writableLength: number;
  readonly writableNeedDrain: boolean;
  write(bytes: Buffer): boolean;
  cork(): void;
  uncork(): void;
  /** The last bytes, and then the end. */
  end(bytes: Buffer): unknown;
  destroy(why?: Error): unknown;
  /** Of what can stop reading: a callback of `onread` that returns false stops it, and so does `pause`, until `resume`. */
  pause?(): unknown;
  resume?(): unknown;
  /** From now on the stream answers nothing by itself, such as a WebSocket's pings. Absent: it never does. */
  silence?(): void;
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
  on(event: 'close' | 'drain', listener: () => void): unknown;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** In a URL an IPv6 address is in brackets; the system wants it without. */
function addressOf({ host, port }: Address): Address {
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port };
}

/** The local address of a device's connections; undefined: the system chooses it. */
export type LocalAddressOf = (device: number) => string | undefined;

const anyAddress: LocalAddressOf = () => undefined;

/** Options of a socket. Local addresses are of IPv4, and so is then the target's. */
function localOf(localAddress: string | undefined): { localAddress?: string; family?: 4 } {
  return localAddress === undefined ? {} : { localAddress, family: 4 };
}

/** Plain TCP: `mqtt://`. */
export function makeTcpConnector(address: Address, localAddressOf = anyAddress): Connector {
  const { host, port } = addressOf(address);
  return {
    open(device, onread, ready) {
      // Nagle's algorithm would hold a message back until the one before it is acknowledged by TCP.
      return connectTcp({ host, port, noDelay: true, onread, ...localOf(localAddressOf(device)) }, ready);
    },
  };
}

/** A certificate and its key, PEM. */
type Certificate = Pick<ConnectionOptions, 'cert' | 'key'>;

/** What is a device's own; undefined: it has none. */
interface OfDevices {
  readonly certificateOf?: (device: number) => Certificate | undefined;
  readonly localAddressOf?: LocalAddressOf;
}

/**
 * TLS: `mqtts://`, mutual where `tls` holds a certificate and key, or `certificateOf` has those of a device. Connections with the
 * same one share a context: reading a certificate anew for each takes a millisecond of CPU and 35 KB.
 */
export function makeTlsConnector(
  address: Address,
  tls: ConnectionOptions,
  { certificateOf = () => undefined, localAddressOf = anyAddress }: OfDevices = {},
): Connector {
  const { host, port } = addressOf(address);
  const contexts = new Map<Certificate | undefined, SecureContext>();
  const contextOf = (certificate: Certificate | undefined): SecureContext => {
    const context = contexts.get(certificate) ?? createSecureContext({ ...tls, ...certificate });
    contexts.set(certificate, context);
    return context;
  };
  // RFC 6066, 3: literal addresses are no server names.
  const name = isIP(host) === 0 ? { servername: host } : {};
  return {
    open(device, onread, ready) {
      const secureContext = contextOf(certificateOf(device));
      // `onread` reaches the socket below as it does over TCP; only the typings lack it.
      const options: ConnectionOptions & { onread: OnReadOpts } = {
        ...name,
        ...tls,
        secureContext,
        host,
        port,
        onread,
        ...localOf(localAddressOf(device)),
      };
      return connectTls(options, ready).setNoDelay(true);
    },
  };
}
