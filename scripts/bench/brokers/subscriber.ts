import { connect } from 'node:net';
import { generate } from 'mqtt-packet';
import type { Target } from '../generator/load.ts';

/** Subscribes to everything at QoS 0, and throws away what it gets, unread: as little of the machine as can be. */
export async function subscribeToEverything({ host, port }: Target): Promise<{ close(): void }> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const chunk = Buffer.allocUnsafeSlow(1 << 20);
  const onBytes = (): boolean => {
    // The CONNACK, then the SUBACK; whichever is last changes nothing.
    if (chunk[0] === 0x20) socket.write(subscribe);
    if (chunk[0] === 0x90) resolve();
    return true;
  };
  const socket = connect({ host, port, onread: { buffer: chunk, callback: onBytes } });
  const clientId = 'stampede-bench-subscriber';
  const subscribe = generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '#', qos: 0 }] });
  socket.write(
    generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId, clean: true, keepalive: 0 }),
  );
  await promise;
  return { close: () => socket.destroy() };
}
