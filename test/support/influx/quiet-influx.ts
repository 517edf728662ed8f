/**
 * An InfluxDB that takes everything and keeps nothing, in a process of its own, so that it can be killed: prints its port, and a line after its first write.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

let hasWritten = false;
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(204).end();
    if (hasWritten || !request.url?.startsWith('/api/v2/write')) return;
    hasWritten = true;
    process.stdout.write('took a write\n');
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.stdin.on('end', () => process.exit()).resume();
