import { makeRandom } from '../../shared/random.ts';
import { type EdgeRoute, type Gateway, type GatewayOptions, startGateway } from '../gateway/gateway.ts';
import type { GatewayService } from '../gateway/gateway-service.ts';
import type { Route } from '../gateway/route-table.ts';
import { AccountQuotas } from './account-quotas.ts';
import { type CertificateFiles, type Certificates, writeCertificates } from './auth/certificates.ts';
import type { AuthorizeRequest } from './auth/http-authorization.ts';
import { type Clock, offsetClock, wallClock } from './broker-clock.ts';
import { Faults } from './faults.ts';
import { makeAdminApi } from './http/admin-api.ts';
import { makeDataPlane } from './http/data-plane.ts';
import { Metrics } from './iot-metrics.ts';
import { openListeners } from './listeners/listeners.ts';
import { openTcpListener } from './listeners/tcp-listener.ts';
import { Broker } from './mqtt/broker.ts';
import { LateOutbound } from './mqtt/late-outbound.ts';
import { Router } from './mqtt/router.ts';
import { ArrivalsQueue } from './queue/arrivals-queue.ts';
import { EventSourceMapping, type Invoke } from './queue/event-source-mapping.ts';
import { makeLambdaInvoker } from './queue/lambda-invoker.ts';
import { MessageQueue } from './queue/message-queue.ts';
import { makeSqs } from './queue/sqs-api.ts';
import { FaultyTarget } from './rules/faulty-target.ts';
import { RulesEngine } from './rules/rules-engine.ts';
import { ServedTarget } from './rules/served-target.ts';
import { TopicRule } from './rules/topic-rule.ts';
import { deadLetterQueueName, type IotCoreSettings, ruleErrorQueueName } from './settings.ts';
import { type ArrivalsStreamParts, openArrivalsStream } from './stream/open-arrivals-stream.ts';

/**
 * Each is a process here, and takes half a second to start: a hundred devices that come in at once would otherwise wait
 * for a hundred of them.
 */
const authorizersAtOnce = 4;

/**
 * Of measure-latency, each a process here too: readers wait for one another. The readers themselves, and so the batches,
 * are as many as on AWS.
 */
const measuringAtOnce = 2;

/** Where it listens, on 127.0.0.1. */
export interface IotCoreAddresses {
  /** MQTT without TLS. AWS has no such listener. */
  readonly mqttPort: number;
  /** As 8883: MQTT with client certificates. */
  readonly mqttsPort: number;
  /** As 443: WebSocket and HTTPS with signatures, and by protocol (ALPN) the rest. */
  readonly wssPort: number;
  /** As 8443: HTTPS with client certificates. */
  readonly httpsPort: number;
  /** The HTTP data plane with signatures and without TLS; and SQS, by the service that requests are signed for. */
  readonly httpPort: number;
  readonly adminUrl: string;
  /** `Authorization: Bearer …` of every request to it. */
  readonly adminToken: string;
  /** Files that a client needs to connect by TLS, if they were to be written. */
  readonly files?: CertificateFiles;
}

export interface RunningIotCore extends IotCoreAddresses {
  readonly addresses: IotCoreAddresses;
  readonly certificates: Certificates;
  readonly faults: Faults;
  readonly metrics: Metrics;
  readonly queue: ArrivalsQueue;
  /** Where the settings have one. */
  readonly stream: ArrivalsStreamParts | undefined;
  /** What the rule could not deliver. */
  readonly ruleErrors: MessageQueue;
  /** What measure-latency failed with too often. */
  readonly givenUp: MessageQueue;
  /** All that its HTTP listeners answer. */
  readonly routes: {
    readonly http: readonly EdgeRoute[];
    readonly admin: readonly EdgeRoute[];
    /** Of the WebSocket and HTTPS listeners. */
    readonly tls: readonly Route[];
  };
  close(): Promise<void>;
}

/**
 * The embedded AWS IoT Core in this process: broker, HTTP data plane, rule, queue or stream and its event source mapping.
 * @param invoke replaces Lambda in tests
 * @throws RuleSqlError for a rule that is not supported
 */
export async function runIotCore(
  settings: IotCoreSettings,
  machineClock: Clock,
  onError: (error: unknown) => void,
  invoke?: Invoke,
): Promise<RunningIotCore> {
  const rule = new TopicRule(settings.rule.name, settings.rule.sql);
  const metrics = new Metrics();
  const clock = offsetClock(machineClock, settings.faults.clockOffsetMs);
  const faults = new Faults(clock, settings.faults);
  const quotas = new AccountQuotas(settings.limits, settings.burstSeconds);
  const queue = new ArrivalsQueue(settings.queue, clock);
  const ruleErrors = new MessageQueue(clock);
  const givenUp = queue.deadLetters;
  const sqs = makeSqs([
    { name: settings.queue.name, counts: () => queue.counts },
    { name: deadLetterQueueName, counts: () => givenUp.counts, messages: givenUp },
    { name: ruleErrorQueueName, counts: () => ruleErrors.counts, messages: ruleErrors },
  ]);
  const lambda = makeLambdaInvoker(settings.subscriber, measuringAtOnce);
  const mapping = new EventSourceMapping(queue, {
    invoke: invoke ?? lambda.invoke,
    settings: settings.queue,
    clock,
    faults,
  });
  const stream =
    settings.stream &&
    openArrivalsStream(settings.stream, {
      burstSeconds: settings.burstSeconds,
      functionName: settings.subscriber.functionName,
      invoke: invoke ?? lambda.invoke,
      clock,
      faults,
      sendFailure: (message) => givenUp.send(message, clock.now()),
    });
  const deliveries = new FaultyTarget(stream?.action ?? queue, faults, clock);
  const target = new ServedTarget(deliveries, faults, clock);
  const rules = new RulesEngine([rule], {
    target,
    metrics,
    faults,
    quotas,
    errorAction: (message) => ruleErrors.send(message, clock.now()),
  });
  const router = new Router({
    rules,
    metrics: metrics.mqtt,
    random: makeRandom(settings.faults.seed, 3),
    late: new LateOutbound(clock, faults),
  });
  const { throttleAnswer, unauthorized } = settings;
  const broker = new Broker({
    clock,
    metrics: metrics.mqtt,
    quotas,
    faults,
    router,
    throttleAnswer,
    unauthorized,
    onError,
  });
  const dataPlaneFor = (authorize: AuthorizeRequest): GatewayService =>
    makeDataPlane({ clock, metrics: metrics.http, quotas, faults, router, authorize });
  const admin = makeAdminApi({
    broker,
    metrics,
    quotas,
    queue,
    mapping,
    faults,
    stream,
    ruleErrors,
    token: settings.adminToken,
  });

  const closers: (() => unknown)[] = [
    () => faults.close(),
    () => mapping.close(),
    () => stream?.mapping.close(),
    () => lambda.close(),
    () => broker.close(),
  ];
  const close = async (): Promise<void> => {
    for (const closer of closers) await closer();
  };
  const onGatewayError = (_what: string, error: unknown): void => onError(error);
  const openGateway = async (options: Partial<GatewayOptions>): Promise<Gateway> => {
    const { accessKeys } = settings.listeners;
    const gateway = await startGateway({
      signed: {},
      unsigned: [],
      accessKeys,
      onError: onGatewayError,
      ...options,
    });
    closers.push(() => gateway.close());
    return gateway;
  };
  const invokeOf = (functionName: string): Invoke => {
    const invoker = makeLambdaInvoker({ ...settings.subscriber, functionName }, authorizersAtOnce);
    closers.push(() => invoker.close());
    return invoker.invoke;
  };
  try {
    const listener = await openTcpListener(broker, settings.ports.mqtt);
    closers.push(() => listener.close());
    const { ports } = settings;
    const listeners = await openListeners({
      broker,
      clock,
      today: wallClock.now,
      settings: settings.listeners,
      ports,
      dataPlaneFor,
      invokeOf,
      onError,
    });
    closers.push(() => listeners.close());
    const http = await openGateway({
      signed: { sqs, ...(stream && { kinesis: stream.api }) },
      otherwise: dataPlaneFor(listeners.authorizeBySignature),
      // The gateway passes requests on as they came.
      anyPort: true,
      port: ports.http,
    });
    const adminEdge = await openGateway({ otherwise: admin, port: ports.admin });
    const { certificatesDirectory } = settings.listeners;
    const { certificates, mqttsPort, wssPort, httpsPort } = listeners;
    const addresses: IotCoreAddresses = {
      mqttPort: listener.port,
      mqttsPort,
      wssPort,
      httpsPort,
      httpPort: http.port,
      adminUrl: adminEdge.url,
      adminToken: settings.adminToken,
      ...(certificatesDirectory && { files: writeCertificates(certificatesDirectory, certificates) }),
    };
    return {
      ...addresses,
      addresses,
      certificates,
      faults,
      metrics,
      queue,
      stream,
      ruleErrors,
      givenUp,
      routes: { http: http.routes, admin: adminEdge.routes, tls: listeners.routes },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
