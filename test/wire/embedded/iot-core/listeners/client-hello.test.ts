import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readClientHello } from '../../../../../src/embedded/iot-core/listeners/client-hello.ts';
import { atEnd } from '../../../../support/iot-core/fixture.ts';

/** What Node's TLS says first. */
async function recordHello(ALPNProtocols?: string[]): Promise<Buffer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  atEnd(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const client = connect({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ...(ALPNProtocols === undefined ? {} : { ALPNProtocols }),
  });
  client.on('error', () => {});
  atEnd(() => client.destroy());
  const [socket] = (await once(server, 'connection')) as [Socket];
  atEnd(() => socket.destroy());
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return bytes;
}

describe('readClientHello', () => {
  it.each([[['x-amzn-mqtt-ca']], [['mqtt', 'http/1.1']], [undefined]])(
    'finds the protocols %j',
    async (offered) => {
      const hello = await recordHello(offered);
      expect(readClientHello(hello)).toEqual({ protocols: offered ?? [] });
      for (let length = 0; length < hello.length; length++) {
        expect(readClientHello(hello.subarray(0, length))).toBe('more');
      }
      expect(readClientHello(Buffer.concat([hello, Buffer.from('behind')]))).toEqual({
        protocols: offered ?? [],
      });
    },
  );

  it('makes nothing of what is none, whatever it is', async () => {
    expect(readClientHello(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toBe('none');
    expect(readClientHello(Buffer.from([22, 3, 1, 0xff, 0xff]))).toBe('none');
    const hello = await recordHello(['mqtt']);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(hello.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        (changes) => {
          const mutant = Buffer.from(hello);
          for (const [at, byte] of changes) mutant[at] = byte;
          const found = readClientHello(mutant);
          if (typeof found === 'string') expect(['more', 'none']).toContain(found);
          else for (const protocol of found.protocols) expect(typeof protocol).toBe('string');
        },
      ),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readClientHello(Buffer.from(bytes))),
    );
  });
});
