/** A process whose devices connect as fast as they are let in, and then stand idle: what a connection costs. */
import type { TransportListener } from '../../../src/device/transport.ts';
import { sampleProcess, serveMeasurement } from '../measured-process.ts';
import { describeBenchDevices, makeTransportOf } from './clients.ts';
import type { Connects, ConnectsReport } from './load.ts';

/** For what was allocated on the way to be collected, or not: a slice's devices stay connected for minutes. */
const settleMs = 1_000;

serveMeasurement(runConnects);

async function runConnects({ target, client, devices, atOnce }: Connects): Promise<ConnectsReport> {
  const makeTransport = await makeTransportOf(client, target, 1);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let begun = 0;
  let connected = 0;
  const listener: TransportListener = {
    connected() {
      connected++;
      if (begun < devices) transport.connect(begun++);
      else if (connected === devices) resolve();
    },
    connectFailed: (_, reason) => reject(new Error(`connect failed: ${reason}`)),
    disconnected: (_, reason) => reject(new Error(`disconnected: ${reason}`)),
    acknowledged() {},
    refused() {},
    writable() {},
    echoed() {},
    echoRefused() {},
  };
  const idle = sampleProcess();
  const transport = makeTransport(listener, describeBenchDevices(devices));
  while (begun < Math.min(atOnce, devices)) transport.connect(begun++);
  await promise;
  const done = sampleProcess();
  await new Promise((settled) => {
    setTimeout(settled, settleMs);
  });
  const settled = sampleProcess();
  await transport.close();
  return {
    seconds: (done.atMs - idle.atMs) / 1_000,
    cpuSeconds: done.cpuSeconds - idle.cpuSeconds,
    rssBytes: { idle: idle.rssBytes, connected: settled.rssBytes },
  };
}
