import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from '@jest/globals';
import { makeTcpConnector } from '../../../../src/device/network/connector.ts';
import { makeConnectorSockets } from '../../../../src/device/network/connector-socket.ts';

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
