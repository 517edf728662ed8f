import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startIotCore } from '../../../src/embedded/iot-core/start-iot-core.ts';
import { type AccountLimits, accountLimitsOf } from '../../../src/targets/aws-iot/quotas.ts';
import type { BenchBroker } from './bench-broker.ts';

/** A throttled publish would cost next to nothing: no quota is near. */
const quotasTimes = 1_000;

export interface EmbeddedOptions {
  /** The topics that its rule reads. */
  readonly ruleFilter: string;
}

/** The embedded IoT Core as rehearsals run it; batches of its queue go to an HTTP server that takes them. */
export async function startEmbedded({ ruleFilter }: EmbeddedOptions): Promise<BenchBroker> {
  const sink = createServer((request, response) => {
    request.resume().once('end', () => response.end('{"batchItemFailures":[]}'));
  });
  await new Promise<void>((listening) => {
    sink.listen(0, '127.0.0.1', listening);
  });
  const limits = Object.entries(accountLimitsOf('default')).map(([name, limit]) => [
    name,
    limit * quotasTimes,
  ]);
  const iotCore = await startIotCore({
    ruleSql: `SELECT stampede.run AS run, stampede.slice AS slice, stampede.deviceGroup AS deviceGroup, stampede.stream AS stream, stampede.n AS n, stampede.device AS device, stampede.at AS at, stampede.sent AS sent, timestamp() AS rule FROM '${ruleFilter}'`,
    invokeUrl: `http://127.0.0.1:${(sink.address() as AddressInfo).port}`,
    functionName: 'stampede-bench-measure-latency',
    limits: Object.fromEntries(limits) as AccountLimits,
  });
  return {
    name: 'embedded IoT Core',
    tcp: { host: '127.0.0.1', port: iotCore.mqttPort },
    mtls: undefined,
    pid: iotCore.pid,
    async close() {
      await iotCore.close();
      sink.close();
      sink.closeAllConnections();
    },
  };
}
