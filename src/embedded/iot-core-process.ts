import type { FaultEvent } from '../plan/conditions.ts';
import type { MetricSeries } from './cloudwatch.ts';
import type { IotCoreProcess, IotCoreStart } from './embedded-aws.ts';
import type { MetricsReport } from './iot-core/http/admin-api.ts';
import { startIotCore } from './iot-core/start.ts';
import type { WeatherReport } from './iot-core/weather.ts';

/** The embedded IoT Core as embedded AWS needs it: started, and asked for its counters as CloudWatch has them. */
export async function startIotCoreProcess(start: IotCoreStart): Promise<IotCoreProcess> {
  const iotCore = await startIotCore(start);
  return {
    ...iotCore,
    metrics: () => readMetrics(iotCore.adminUrl),
    faults: () => readFaults(iotCore.adminUrl),
    close: () => iotCore.close(),
  };
}

async function readFaults(adminUrl: string): Promise<readonly FaultEvent[]> {
  const answer = await fetch(`${adminUrl}/weather`);
  if (!answer.ok) throw new Error(`the embedded IoT Core answered ${answer.status} for its faults`);
  return ((await answer.json()) as WeatherReport).events;
}

async function readMetrics(adminUrl: string): Promise<readonly MetricSeries[]> {
  const answer = await fetch(`${adminUrl}/metrics?period=60`);
  if (!answer.ok) throw new Error(`the embedded IoT Core answered ${answer.status} for its metrics`);
  const { namespace, metrics } = (await answer.json()) as MetricsReport;
  return metrics.map(({ name, dimensions, datapoints }) => ({
    namespace,
    name,
    dimensions,
    minutes: datapoints,
  }));
}
