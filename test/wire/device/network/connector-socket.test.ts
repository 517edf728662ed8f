import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from '@jest/globals';
import { makeTcpConnector } from '../../../../src/device/network/connector.ts';
import { makeConnectorSockets } from '../../../../src/device/network/connector-socket.ts';
import { makeShapedConnector } from '../../../../src/device/network/shaping/shaped-connector.ts';
import { makeSystemClock } from '../../../../src/shared/clock.ts';
import { makeTestNetwork } from '../../../support/device/make-network.ts';

it.each([
  ['without a network', undefined],
  ['with a delay', { delay: '1ms' }],
] as const)('reads no more than its reader takes, %s', async (_, network) => {
  const sent = Buffer.alloc(32 * 2 ** 20, 'x');
  const server = createServer((socket) => socket.end(sent)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const tcp = makeTcpConnector({ host: '127.0.0.1', port });
  const shaped = network && makeTestNetwork(network, 1, makeSystemClock());
  const connector = shaped === undefined ? tcp : makeShapedConnector(tcp, shaped);
  const socket = makeConnectorSockets(connector)(0);
  await once(socket, 'readable');
  // Time enough to read all of it.
  let bytesRead = 0;
  for (let turns = 0; turns < 20; turns++) {
    bytesRead = socket.bytesRead;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  let received = 0;
  for await (const chunk of socket) received += (chunk as Buffer).length;
  shaped?.close();
  server.close();
  await once(server, 'close');
  expect(bytesRead).toBeLessThan(sent.length / 2);
  expect(received).toBe(sent.length);
});

it('emits timeout once no byte has passed for that long', async () => {
  const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = makeConnectorSockets(makeTcpConnector({ host: '127.0.0.1', port }))(0);
  await once(socket, 'connect');
  const idleMs = 30;
  socket.setTimeout(idleMs);
  let lastByteAt = 0;
  socket.on('data', () => (lastByteAt = performance.now()));
  socket.write('echo');
  await once(socket, 'timeout');
  // Timers may fire in the millisecond before.
  expect(performance.now() - lastByteAt).toBeGreaterThanOrEqual(idleMs - 1);
  socket.destroy();
  server.close();
  await once(server, 'close');
});
