/** As floor.c, on Node's sockets: what a generator in JavaScript could cost if it did nothing but write and read. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { encodeConnect, encodeTopic, writePublish } from '../../../src/device/transports/dense/packets.ts';
import { sampleProcess, serveMeasurement } from '../measured-process.ts';
import { benchTopicOf, mqttSettings, nameBenchClients } from './clients.ts';
import type { Load, LoadReport } from './load.ts';

serveMeasurement(runRawSockets);

interface RawDevice {
  readonly socket: Socket;
  readonly packet: Buffer;
  /** Where the packet identifier lies in it. */
  readonly idAt: number;
}

async function runRawSockets(load: Load): Promise<LoadReport> {
  let acked = 0;
  const chunk = Buffer.allocUnsafeSlow(65_536);
  const onBytes = (length: number): boolean => {
    // Four bytes each, or five with the reason code of a publish without subscribers.
    acked += length / (chunk[1]! + 2);
    return true;
  };
  const idle = sampleProcess();
  const devices: RawDevice[] = [];
  for (let device = 0; device < load.devices; device++) {
    devices.push(await connectDevice(load, device, chunk, onBytes));
  }
  const connected = sampleProcess();
  acked = 0;

  const perMs = load.ratePerSecond / 1_000;
  const zeroMs = performance.now();
  let next = 0;
  const timer = setInterval(() => {
    for (const due = (performance.now() - zeroMs) * perMs; next < due; next++) {
      const { socket, packet, idAt } = devices[next % load.devices]!;
      if (load.qos === 1) packet.writeUInt16BE((Math.floor(next / load.devices) % 65_534) + 1, idAt);
      // What the kernel does not take at once is still in use when the packet is written over: only its id changes.
      socket.write(packet);
    }
  }, 1);
  await passMs(load.warmUpSeconds * 1_000);
  const begin = sampleProcess();
  const before = { sent: next, acked };
  await passMs(load.seconds * 1_000);
  const end = sampleProcess();
  clearInterval(timer);
  return {
    sent: next - before.sent,
    acked: acked - before.acked,
    cpuSeconds: end.cpuSeconds - begin.cpuSeconds,
    kernelSeconds: end.kernelSeconds - begin.kernelSeconds,
    wallSeconds: (end.atMs - begin.atMs) / 1_000,
    rssBytes: { idle: idle.rssBytes, connected: connected.rssBytes, loaded: end.rssBytes },
    sendLagMs: { p50: 0, p99: 0, p999: 0, max: 0 },
    missed: 0,
  };
}

async function connectDevice(
  { target, qos, sizeBytes }: Load,
  device: number,
  chunk: Buffer,
  onBytes: (length: number) => boolean,
): Promise<RawDevice> {
  const { clientId } = nameBenchClients(1);
  const topic = encodeTopic(benchTopicOf(device));
  const packet = Buffer.alloc(sizeBytes + topic.length + 8);
  const payload = Buffer.alloc(sizeBytes, 'x');
  const end = writePublish(packet, 0, { topic, qos, id: qos, retain: false, payload }, 5);
  const { host, port, tls } = target;
  const options = { host, port, onread: { buffer: chunk, callback: onBytes } };
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = tls === undefined ? connect(options) : connectTls({ ...options, ...tls });
  socket.setNoDelay(true);
  socket.once('error', reject);
  socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
    socket.write(encodeConnect({ clientId: clientId(device) }, mqttSettings, 5));
    resolve();
  });
  await promise;
  return { socket, packet: packet.subarray(0, end), idAt: end - sizeBytes - 3 };
}

function passMs(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
