import { type AddressInfo, createServer, type Server, Socket } from 'node:net';
import { authenticateAnyone } from '../mqtt/access.ts';
import type { Broker } from '../mqtt/broker.ts';

export interface Listener {
  readonly port: number;
  close(): void;
}

/** One chunk is read at a time, in one thread: all connections share the buffer it lies in. */
const chunk = Buffer.allocUnsafeSlow(65_536);

/**
 * MQTT over plain TCP on loopback: asks for nothing. AWS has no such listener.
 * @param port 0: any free one
 */
export async function openTcpListener(broker: Broker, port: number): Promise<Listener> {
  const server = createServer({ noDelay: true, pauseOnConnect: true }, (accepted) => {
    const socket = adopt(accepted, (bytes, length) => connection.receive(bytes, length));
    const connection = broker.accept(socket, authenticateAnyone);
    if (!broker.state.faults.paused) socket.resume();
  });
  return { port: await listen(server, port), close: () => server.close() };
}

/**
 * The accepted connection, as a socket that reads into the shared chunk. Without it each read costs a buffer of 64 KB and
 * a pass through the stream: 3 µs of the 15 that a message may take. `net.Socket` has the option `onread`, but `net.Server`
 * gives no way to it; so the handle moves to a socket made here. Should a later Node hide the handle, plain events do.
 */
function adopt(accepted: Socket, receive: (bytes: Buffer, length: number) => void): Socket {
  const owner = accepted as unknown as { _handle: object | null };
  const handle = owner._handle;
  if (handle === null || handle === undefined) {
    accepted.on('data', (bytes) => receive(bytes, bytes.length));
    return accepted;
  }
  owner._handle = null;
  return new Socket({
    handle,
    onread: {
      buffer: chunk,
      callback: (length: number) => {
        receive(chunk, length);
        return true;
      },
    },
  } as ConstructorParameters<typeof Socket>[0]);
}

/** @returns the port: 0 stands for any free one */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', backlog: 4_096 }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
