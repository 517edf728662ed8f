/** aedes, the broker that JavaScript uses, in a process of its own: MQTT 3.1.1 over plain TCP. */
import { type AddressInfo, createServer } from 'node:net';
import { Aedes } from 'aedes';

const aedes = await Aedes.createBroker();
const server = createServer({ noDelay: true }, aedes.handle);
server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => {
  process.send!((server.address() as AddressInfo).port);
});
process.once('disconnect', () => process.exit());
