import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { expect, it } from '@jest/globals';
import { generate } from 'selfsigned';
import {
  type Connector,
  makeTcpConnector,
  makeTlsConnector,
} from '../../../../src/device/network/connector.ts';

/** Elsewhere 127.0.0.1 alone is this machine. */
const itOnLinux = process.platform === 'linux' ? it : it.skip;
const devices = [0, 1, 7];
const localAddressOf = (device: number) => (device === 0 ? undefined : `127.0.0.${device + 1}`);
const seen = ['127.0.0.1', '127.0.0.2', '127.0.0.8'];

/** Of each device, as the server sees them. */
async function addressesOf(server: Server, connectorOf: (port: number) => Connector) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connector = connectorOf((server.address() as AddressInfo).port);
  const addresses: (string | undefined)[] = [];
  for (const device of devices) {
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const ready = Promise.withResolvers<void>();
    const onread = { buffer: Buffer.alloc(64), callback: () => true };
    const stream = connector.open(device, onread, ready.resolve);
    stream.on('error', ready.reject);
    const [{ remoteAddress }] = await accepted;
    await ready.promise;
    addresses.push(remoteAddress);
    stream.destroy();
  }
  server.close();
  return addresses;
}

itOnLinux('connects each device from its own address, by any name of the target', async () => {
  const connectorOf = (port: number) => makeTcpConnector({ host: 'localhost', port }, localAddressOf);
  const server = createServer((socket) => socket.on('error', () => undefined));
  expect(await addressesOf(server, connectorOf)).toEqual(seen);
});

itOnLinux('does so over TLS', async () => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
  });
  const connectorOf = (port: number) =>
    makeTlsConnector({ host: '127.0.0.1', port }, { rejectUnauthorized: false }, { localAddressOf });
  const server = createTlsServer({ cert, key }, (socket) => socket.on('error', () => undefined));
  expect(await addressesOf(server, connectorOf)).toEqual(seen);
});
