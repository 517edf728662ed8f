import { makeRandom } from '../../device/random.ts';
import { type Edge, startEdge } from '../edge.ts';
import { AccountQuotas } from './account-quotas.ts';
import type { Clock } from './clock.ts';
import { makeAdminApi } from './http/admin-api.ts';
import { makeDataPlane } from './http/data-plane.ts';
import { Metrics } from './metrics.ts';
import { Broker } from './mqtt/broker.ts';
import { Router } from './mqtt/router.ts';
import { openTcpDoor } from './mqtt/tcp-door.ts';
import { ArrivalsQueue } from './queue/arrivals-queue.ts';
import { EventSourceMapping, type Invoke } from './queue/event-source-mapping.ts';
import { makeLambdaInvoker } from './queue/lambda-invoker.ts';
import { RulesEngine } from './rules/rules-engine.ts';
import { TopicRule } from './rules/topic-rule.ts';
import { WeatheredTarget } from './rules/weathered-target.ts';
import type { IotCoreSettings } from './settings.ts';
import { Weather } from './weather.ts';

/** Where it listens, on 127.0.0.1. */
export interface IotCoreAddresses {
  readonly mqttPort: number;
  /** The HTTP data plane. */
  readonly httpPort: number;
  readonly adminUrl: string;
}

export interface RunningIotCore extends IotCoreAddresses {
  readonly weather: Weather;
  readonly metrics: Metrics;
  readonly queue: ArrivalsQueue;
  close(): Promise<void>;
}

/**
 * The embedded AWS IoT Core in this process: broker, HTTP data plane, rule, queue and its event source mapping.
 * @param invoke stands in for Lambda in tests
 * @throws RuleSqlError for a rule that is not supported
 */
export async function runIotCore(
  settings: IotCoreSettings,
  clock: Clock,
  onFault: (error: unknown) => void,
  invoke?: Invoke,
): Promise<RunningIotCore> {
  const rule = new TopicRule(settings.rule.name, settings.rule.sql);
  const metrics = new Metrics();
  const weather = new Weather(clock, settings.weather);
  const quotas = new AccountQuotas(settings.limits, settings.burstSeconds);
  const queue = new ArrivalsQueue(settings.queue, clock);
  const lambda = makeLambdaInvoker(settings.subscriber.invokeUrl, settings.subscriber.functionName);
  const mapping = new EventSourceMapping(queue, invoke ?? lambda.invoke, settings.queue, clock, weather);
  const rules = new RulesEngine([rule], new WeatheredTarget(queue, weather, clock), metrics, weather, quotas);
  const router = new Router(rules, metrics.mqtt, makeRandom(settings.weather.seed, 3));
  const { throttleAnswer, unauthorized } = settings;
  const broker = new Broker({
    clock,
    metrics: metrics.mqtt,
    quotas,
    weather,
    router,
    throttleAnswer,
    unauthorized,
    onFault,
  });
  const dataPlane = makeDataPlane({ clock, metrics: metrics.http, quotas, weather, router });
  const admin = makeAdminApi({ broker, metrics, quotas, queue, mapping, weather });

  const closers: (() => unknown)[] = [
    () => weather.close(),
    () => mapping.close(),
    () => lambda.close(),
    () => broker.close(),
  ];
  const close = async (): Promise<void> => {
    for (const closer of closers) await closer();
  };
  const onEdgeFault = (_what: string, error: unknown): void => onFault(error);
  const openEdge = async (
    signed: Record<string, typeof admin>,
    service: typeof admin,
    port: number,
  ): Promise<Edge> => {
    const edge = await startEdge({ signed, unsigned: [['/', service]], onFault: onEdgeFault, port });
    closers.push(() => edge.close());
    return edge;
  };
  try {
    const door = await openTcpDoor(broker, settings.ports.mqtt);
    closers.push(() => door.close());
    const signedFor = { iotdata: dataPlane, iotdevicegateway: dataPlane };
    const http = await openEdge(signedFor, dataPlane, settings.ports.http);
    const adminEdge = await openEdge({}, admin, settings.ports.admin);
    return {
      mqttPort: door.port,
      httpPort: http.port,
      adminUrl: adminEdge.url,
      weather,
      metrics,
      queue,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
