/** A process whose devices connect as fast as they are let in, and then stand idle: what a connection costs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { silentListener, type TransportListener } from '../../../src/device/transport.ts';
import { sampleProcess, serveMeasurement } from '../measured-process.ts';
import { makeTransportOf, nameBenchClients } from './clients.ts';
import type { Connects, ConnectsReport } from './load.ts';

/** Connected before anything is measured: code that is compiled and a heap that has grown are no device's. */
const warmUpDevices = 1_000;
/** Time for garbage of the connects to be collected, or not: a slice's devices stay connected for minutes. */
const settleMs = 1_000;

serveMeasurement(runConnects);

async function runConnects({ target, client, devices, atOnce }: Connects): Promise<ConnectsReport> {
  const makeTransport = await makeTransportOf(client, target);
  const { promise: failure, reject } = Promise.withResolvers<never>();
  let wanted = 0;
  let begun = 0;
  let connected = 0;
  let allConnected = (): void => {};
  const listener: TransportListener = {
    ...silentListener,
    connected() {
      connected++;
      if (begun < wanted) transport.connect(begun++);
      else if (connected === wanted) allConnected();
    },
    connectFailed: (_, reason) => reject(new Error(`connect failed: ${reason}`)),
    disconnected: (_, reason) => reject(new Error(`disconnected: ${reason}`)),
  };
  const transport = makeTransport(listener, nameBenchClients(warmUpDevices + devices));
  const connectMore = async (more: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    allConnected = resolve;
    wanted += more;
    for (let n = 0; n < Math.min(atOnce, more); n++) transport.connect(begun++);
    await Promise.race([promise, failure]);
  };
  await connectMore(warmUpDevices);
  await sleep(settleMs);
  const idle = sampleProcess();
  await connectMore(devices);
  const done = sampleProcess();
  await sleep(settleMs);
  const settled = sampleProcess();
  await transport.close();
  return {
    seconds: (done.atMs - idle.atMs) / 1_000,
    cpuSeconds: done.cpuSeconds - idle.cpuSeconds,
    rssBytes: { idle: idle.rssBytes, connected: settled.rssBytes },
  };
}
