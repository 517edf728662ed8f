import { parseFaultChange } from '../../../profile/fault-schema.ts';
import { InvalidInputError } from '../../../shared/errors.ts';
import type { AccountLimits } from '../../../targets/aws-iot/quotas.ts';
import { isSameSecret } from '../../gateway/account-key.ts';
import { AwsError } from '../../gateway/aws-error.ts';
import { header } from '../../gateway/gateway.ts';
import type { GatewayRequest, GatewayResponse, GatewayService } from '../../gateway/gateway-service.ts';
import { makeRouteTable } from '../../gateway/route-table.ts';
import { renderJsonError } from '../../gateway/serve-request.ts';
import type { AccountQuotas, Refusals } from '../account-quotas.ts';
import type { Faults } from '../faults.ts';
import type { Counter, Metrics } from '../iot-metrics.ts';
import type { Broker } from '../mqtt/broker.ts';
import type { ArrivalsQueue, QueueDepth } from '../queue/arrivals-queue.ts';
import type { EventSourceMapping, MappingCounts } from '../queue/event-source-mapping.ts';
import type { MessageQueue } from '../queue/message-queue.ts';
import type { ArrivalsStreamParts } from '../stream/open-arrivals-stream.ts';
import type { StreamDepth, StreamMapping } from '../stream/stream-mapping.ts';

export interface AdminParts {
  readonly broker: Broker;
  readonly metrics: Metrics;
  readonly quotas: AccountQuotas;
  readonly queue: ArrivalsQueue;
  readonly mapping: EventSourceMapping;
  readonly faults: Faults;
  readonly stream: ArrivalsStreamParts | undefined;
  readonly ruleErrors: MessageQueue;
  /** `Authorization: Bearer …` of every request. */
  readonly token: string;
}

/** `GET /metrics?period=60|1`: what CloudWatch of embedded AWS answers from. */
export interface MetricsReport {
  readonly namespace: 'AWS/IoT';
  readonly period: 1 | 60;
  /** Series with at least one event; a metric without an event has no series, as on AWS. */
  readonly metrics: readonly MetricReport[];
  /** AWS/Lambda's metric of the function that reads the stream: highest values by minute, milliseconds. */
  readonly iteratorAge?: StreamMapping['iteratorAge'];
}

export interface MetricReport {
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly total: number;
  readonly peakPerSecond: number;
  /** Instants in epoch seconds, oldest first; periods without events are left out. */
  readonly datapoints: readonly (readonly [atSecond: number, sum: number])[];
}

/** `GET /quotas`: the limits in force, and how many operations each has refused or delayed since the start. */
export interface QuotasReport {
  readonly limits: AccountLimits;
  readonly refusals: Refusals;
}

/** `GET /queue`. With `?untilEmpty=true` it answers once every message was delivered or is dead. */
export interface QueueReport extends QueueDepth {
  readonly eventSourceMapping: MappingCounts;
}

/** `GET /stream`, of an IoT Core whose rule has one. With `?untilEmpty=true` it answers once every record was delivered or given up. */
export interface StreamReport extends StreamDepth {
  /** Messages that the rule's error action was given. */
  readonly ruleErrors: number;
}

/** `GET /process`: CPU and memory of this process. */
export interface ProcessReport {
  readonly pid: number;
  readonly cpuSeconds: { readonly user: number; readonly system: number };
  readonly rssBytes: number;
  readonly connected: number;
  readonly sessionsDisconnected: number;
}

/**
 * The process's own listener, for its parent and for tests; AWS has nothing like it. `GET` metrics, quotas, queue, faults, process;
 * `POST /faults` with any of its settings, `pauseMs` and `disconnect`: docs/iot-core-fidelity.md.
 */
export function makeAdminApi(parts: AdminParts): GatewayService {
  const table = makeRouteTable<(request: GatewayRequest) => unknown>({
    'GET /metrics': ({ query }) => metricsReport(parts, query.get('period') === '1' ? 1 : 60),
    'GET /quotas': () => quotasReport(parts.quotas),
    'GET /queue': async ({ query }) => {
      if (query.get('untilEmpty') === 'true') await parts.mapping.whenEmpty();
      return queueReport(parts);
    },
    'GET /stream': ({ query }) => streamReport(parts, query.get('untilEmpty') === 'true'),
    'GET /faults': () => parts.faults.report(),
    'POST /faults': ({ body }) => changeFaults(parts.faults, body),
    'GET /process': () => processReport(parts.broker),
  });
  return {
    routes: table.routes,
    maxBodyBytes: 65_536,
    renderError: renderJsonError,
    admit(head) {
      if (!isSameSecret(header(head, 'authorization') ?? '', `Bearer ${parts.token}`))
        throw new AwsError('AccessDeniedException', 'the token of the admin port is missing or wrong', 403);
    },
    async handle(request) {
      const route = table.find(request.method, request.path);
      if (route === undefined) {
        const known = table.routes.map(({ method, path }) => `${method} ${path}`);
        throw new AwsError('NotFound', `known are ${known.join(', ')}`, 404);
      }
      return json(await route.handler(request));
    },
  };
}

function metricsReport({ metrics, stream }: AdminParts, period: 1 | 60): MetricsReport {
  const reportOf = (counter: Counter): MetricReport => ({
    name: counter.name,
    dimensions: counter.dimensions,
    total: counter.total,
    peakPerSecond: counter.peakPerSecond,
    datapoints: counter.sums(period),
  });
  return {
    namespace: 'AWS/IoT',
    period,
    metrics: [...metrics.series()].map(reportOf),
    ...(stream && { iteratorAge: stream.mapping.iteratorAge }),
  };
}

function quotasReport({ limits, refusals }: AccountQuotas): QuotasReport {
  return { limits, refusals };
}

function queueReport({ queue, mapping }: AdminParts): QueueReport {
  return { ...queue.depth, eventSourceMapping: mapping.counts };
}

async function streamReport({ stream, ruleErrors }: AdminParts, untilEmpty: boolean): Promise<StreamReport> {
  if (stream === undefined) throw new AwsError('NotFound', 'the rule sends to the queue', 404);
  if (untilEmpty) await stream.mapping.whenEmpty();
  return { ...stream.mapping.depth, ruleErrors: ruleErrors.bodies.length };
}

function changeFaults(faults: Faults, body: Buffer): unknown {
  try {
    const change = parseFaultChange(JSON.parse(body.toString()), faults.report().settings);
    faults.change(change.settings);
    if (change.disconnect > 0) faults.disconnect(change.disconnect);
    if (change.pauseMs > 0) faults.pause(change.pauseMs);
  } catch (error) {
    if (error instanceof InvalidInputError || error instanceof SyntaxError) {
      throw new AwsError('InvalidRequestException', error.message, 400);
    }
    throw error;
  }
  return faults.report();
}

function processReport(broker: Broker): ProcessReport {
  const { user, system } = process.cpuUsage();
  return {
    pid: process.pid,
    cpuSeconds: { user: user / 1e6, system: system / 1e6 },
    rssBytes: process.memoryUsage.rss(),
    connected: broker.connected,
    sessionsDisconnected: broker.state.sessions.away,
  };
}

function json(body: unknown): GatewayResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
