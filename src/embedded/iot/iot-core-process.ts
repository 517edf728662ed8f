import type { FaultEvent } from '../../plan/conditions.ts';
import type { ServiceFaultChange } from '../../profile/service-faults.ts';
import type { AccountLimits } from '../../targets/aws-iot/quotas.ts';
import type { MetricSeries } from '../account/cloudwatch-api.ts';
import type { Credentials } from '../gateway/request-signature.ts';
import type { FaultReport } from '../iot-core/fault-report.ts';
import type { MetricsReport } from '../iot-core/http/admin-api.ts';
import { type AdminPort, fetchAdmin } from '../iot-core/http/admin-client.ts';
import type { IotCoreAddresses } from '../iot-core/iot-core.ts';
import type { IotCoreChoices, ListenerSettings } from '../iot-core/settings.ts';
import { startIotCore } from '../iot-core/start-iot-core.ts';
import { watchLiveness } from '../process/liveness.ts';
import type { Stack } from '../stack/stack.ts';

/** The embedded IoT Core, in a process of its own. */
export interface IotCoreProcess extends Omit<IotCoreAddresses, 'httpsPort'> {
  /** Resolves when it ends without being closed: of what. */
  readonly ended: Promise<string>;
  onTrouble(listener: (what: string) => void): void;
  metrics(): Promise<readonly MetricSeries[]>;
  /** Faults that were set since its start. */
  faults(): Promise<readonly FaultEvent[]>;
  changeFaults(change: ServiceFaultChange): Promise<void>;
  close(): Promise<void>;
}

export interface IotCoreStart extends IotCoreChoices {
  /** The rule puts into it, in place of the queue. */
  readonly stream: Stack['stream'];
  readonly ruleSql: string;
  /** Base URL of the Lambda API. */
  readonly invokeUrl: string;
  /** The subscriber. */
  readonly functionName: string;
  /** Signs what it sends there. */
  readonly accessKey: Credentials;
  readonly adminToken: string;
  readonly limits: AccountLimits;
  readonly listeners: Partial<ListenerSettings>;
}

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
    changeFaults: (change) => changeFaults(iotCore, change),
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

async function changeFaults(iotCore: AdminPort, change: ServiceFaultChange): Promise<void> {
  const answer = await fetchAdmin(iotCore, '/faults', {
    method: 'POST',
    body: JSON.stringify(change),
    signal: AbortSignal.timeout(answerTimeoutMs),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the embedded IoT Core answered ${answer.status}: ${text}`);
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
