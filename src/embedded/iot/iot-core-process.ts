import type { FaultEvent } from '../../plan/conditions.ts';
import type { MetricSeries } from '../account/cloudwatch-api.ts';
import type { FaultReport } from '../iot-core/faults.ts';
import type { MetricsReport } from '../iot-core/http/admin-api.ts';
import { type AdminPort, fetchAdmin } from '../iot-core/http/admin-client.ts';
import { startIotCore } from '../iot-core/start-iot-core.ts';
import type { IotCoreProcess, IotCoreStart } from '../process/embedded-aws.ts';
import { watchLiveness } from '../process/liveness.ts';

/** A process that is stopped takes connections and never answers. */
const answerTimeoutMs = 10_000;

/** The embedded IoT Core as embedded AWS needs it: started, and asked for its counters as CloudWatch has them. */
export async function startIotCoreProcess(start: IotCoreStart): Promise<IotCoreProcess> {
  const iotCore = await startIotCore(start);
  let endPulse = (): void => undefined;
  return {
    ...iotCore,
    metrics: () => readMetrics(iotCore),
    faults: () => readFaults(iotCore),
    onTrouble(listener) {
      iotCore.onTrouble(listener);
      endPulse = watchLiveness({
        // Read to its end, so that the connection serves the next question too.
        ping: async () => (await fetchAdmin(iotCore, '/process')).arrayBuffer(),
        onSilent: (ms) =>
          listener(
            `the embedded IoT Core (process ${iotCore.pid}) has not answered for ${ms / 1_000} s: it is stopped, or this machine has too much to do`,
          ),
      });
    },
    close() {
      endPulse();
      return iotCore.close();
    },
  };
}

async function readFaults(iotCore: AdminPort): Promise<readonly FaultEvent[]> {
  const answer = await fetchAdmin(iotCore, '/faults', { signal: AbortSignal.timeout(answerTimeoutMs) });
  if (!answer.ok) throw new Error(`the embedded IoT Core answered ${answer.status} for its faults`);
  return ((await answer.json()) as FaultReport).events;
}

async function readMetrics(iotCore: AdminPort): Promise<readonly MetricSeries[]> {
  const answer = await fetchAdmin(iotCore, '/metrics?period=60', {
    signal: AbortSignal.timeout(answerTimeoutMs),
  });
  if (!answer.ok) throw new Error(`the embedded IoT Core answered ${answer.status} for its metrics`);
  const { namespace, metrics, iteratorAge } = (await answer.json()) as MetricsReport;
  const ofIot = metrics.map(({ name, dimensions, datapoints }) => ({
    namespace,
    name,
    dimensions,
    minutes: datapoints,
  }));
  if (iteratorAge === undefined) return ofIot;
  const ofLambda: MetricSeries = {
    namespace: 'AWS/Lambda',
    name: 'IteratorAge',
    dimensions: { FunctionName: iteratorAge.functionName },
    statistic: 'Maximum',
    minutes: iteratorAge.datapoints,
  };
  return [...ofIot, ofLambda];
}
