import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { generate, type IPublishPacket, type Packet, parser } from 'mqtt-packet';

/** What the broker answers to a packet: nothing, or packets, or whatever else it does to the socket. */
export type Script = (packet: Packet, socket: Socket, version: 4 | 5) => void;

/** A broker on loopback that follows its script; without one it accepts and acknowledges everything. */
export class ScriptedBroker {
  readonly received: Packet[] = [];
  readonly sockets = new Set<Socket>();
  script: Script = acceptEverything;
  readonly #server: Server;
  readonly #counts = new Map<Packet['cmd'], number>();
  readonly #waiting = new Set<() => void>();

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => this.#serve(socket));
  }

  static async start(): Promise<ScriptedBroker> {
    const server = createServer({ noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ScriptedBroker(server);
  }

  get address(): { host: string; port: number } {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  packets(cmd: Packet['cmd']): Packet[] {
    return this.received.filter((packet) => packet.cmd === cmd);
  }

  get published(): IPublishPacket[] {
    return this.received.filter((packet) => packet.cmd === 'publish');
  }

  async got(cmd: Packet['cmd'], count = 1): Promise<Packet[]> {
    while ((this.#counts.get(cmd) ?? 0) < count) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
    return this.packets(cmd);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    this.sockets.add(socket);
    let version: 4 | 5 = 5;
    const decoder = parser();
    decoder.on('packet', (packet: Packet) => {
      if (packet.cmd === 'connect') version = packet.protocolVersion === 4 ? 4 : 5;
      this.received.push(packet);
      this.#counts.set(packet.cmd, (this.#counts.get(packet.cmd) ?? 0) + 1);
      this.script(packet, socket, version);
      for (const resolve of this.#waiting) resolve();
      this.#waiting.clear();
    });
    socket.on('data', (chunk) => decoder.parse(chunk));
    socket.on('error', () => {});
    socket.on('close', () => this.sockets.delete(socket));
  }
}

export function send(socket: Socket, packet: Packet, version: 4 | 5): void {
  socket.write(generate(packet, { protocolVersion: version }));
}

export const acceptEverything: Script = (packet, socket, version) => {
  switch (packet.cmd) {
    case 'connect':
      send(socket, { cmd: 'connack', sessionPresent: false, returnCode: 0, reasonCode: 0 }, version);
      break;
    case 'publish':
      if (packet.qos === 1) send(socket, { cmd: 'puback', messageId: packet.messageId! }, version);
      break;
    case 'subscribe':
      send(socket, { cmd: 'suback', messageId: packet.messageId!, granted: [0] }, version);
      break;
    case 'pingreq':
      send(socket, { cmd: 'pingresp' }, version);
      break;
    case 'disconnect':
      socket.end();
  }
};
