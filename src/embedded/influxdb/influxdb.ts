import { gunzipSync } from 'node:zlib';
import { liveMeasurements } from '../../live/live-points.ts';
import type { RunView } from '../../live/run-in-progress.ts';
import type { LiveTotals } from '../../live/run-totals.ts';
import { isSameSecret } from '../gateway/account-key.ts';
import { AwsError } from '../gateway/aws-error.ts';
import { header } from '../gateway/gateway.ts';
import type {
  GatewayRequest,
  GatewayResponse,
  GatewayService,
  RequestHead,
} from '../gateway/gateway-service.ts';
import { makeRouteTable } from '../gateway/route-table.ts';
import { type InfluxServer, relayWrite } from './influxdb-relay.ts';
import { type LinePoint, LineProtocolError, parseLineProtocol } from './line-protocol.ts';
import type { LiveTotalsStore } from './live-totals.ts';

export interface InfluxDbOptions {
  readonly org: string;
  readonly bucket: string;
  readonly token: string;
  readonly totals: LiveTotalsStore;
  /** Where what is written here is written as well. */
  readonly relayTo?: InfluxServer;
}

/** Largest body, before and after it is unpacked. */
const maxBodyBytes = 16 * 1_048_576;
const version = '2.7-embedded';
const nanosecondsIn: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
};

/**
 * InfluxDB 2's write API, and in place of a query language the figures of a run in progress as JSON. What is written feeds
 * these, and is stored only where it is relayed.
 */
export function makeInfluxDb(options: InfluxDbOptions): GatewayService {
  type Handler = (
    request: GatewayRequest,
    parameters: Readonly<Record<string, string>>,
  ) => Promise<GatewayResponse> | GatewayResponse;
  const table = makeRouteTable<Handler>({
    'GET /health': () =>
      json(200, { name: 'influxdb', message: 'ready for writes', status: 'pass', checks: [], version }),
    'GET /ping': () => ({ status: 204, headers: { 'x-influxdb-version': version } }),
    'HEAD /ping': () => ({ status: 204, headers: { 'x-influxdb-version': version } }),
    'POST /api/v2/write': (request) => write(request, options),
    'GET /live/{runId}': (_request, { runId = '' }) => json(200, totalsOf(runId, options)),
    'GET /live/{runId}/view': (request, { runId = '' }) => json(200, viewOf(runId, request, options)),
  });
  return {
    routes: table.routes,
    maxBodyBytes,
    // InfluxDB's codes are words: https://docs.influxdata.com/influxdb/v2/api/#operation/PostWrite
    renderError: ({ code, status, message }) => json(status, { code, message }),
    admit: (head) => authorize(head, options),
    async handle(request) {
      const { method, path } = request;
      const route = table.find(method, path);
      if (route === undefined)
        throw errorOf('not found', `embedded InfluxDB does not support ${method} ${path}`, 404);
      return route.handler(request, route.parameters);
    },
  };
}

function totalsOf(runId: string, { totals }: InfluxDbOptions): LiveTotals {
  const complete = totals.complete(runId, nowSecond());
  return { ...totals.totals(runId), ...(complete === undefined ? {} : { complete }) };
}

function viewOf(runId: string, { query }: GatewayRequest, { totals }: InfluxDbOptions): RunView {
  const [since, secondsPerStep] = [query.get('since') ?? 0, query.get('secondsPerStep') ?? 1].map(Number);
  if (!Number.isSafeInteger(since) || !Number.isSafeInteger(secondsPerStep) || secondsPerStep! < 1)
    throw errorOf('invalid', 'since and secondsPerStep must be whole numbers', 400);
  return totals.view(runId, { since: since!, secondsPerStep: secondsPerStep! }, nowSecond());
}

/** Decides which slices are silent. */
function nowSecond(): number {
  return Math.floor(Date.now() / 1_000);
}

/** Checks health requests too, which InfluxDB answers without a token: only this user's processes need them here. */
function authorize(head: RequestHead, { token }: InfluxDbOptions): void {
  if (!isSameSecret(header(head, 'authorization') ?? '', `Token ${token}`))
    throw errorOf('unauthorized', 'unauthorized access', 401);
}

async function write(request: GatewayRequest, options: InfluxDbOptions): Promise<GatewayResponse> {
  const { org, bucket, totals, relayTo } = options;
  const requested = { org: request.query.get('org'), bucket: request.query.get('bucket') };
  if (requested.org !== org)
    throw errorOf('not found', `organization name "${requested.org}" not found`, 404);
  if (requested.bucket !== bucket) throw errorOf('not found', `bucket "${requested.bucket}" not found`, 404);
  const unit = nanosecondsIn[request.query.get('precision') ?? 'ns'];
  if (unit === undefined)
    throw errorOf('invalid', `precision must be one of ${Object.keys(nanosecondsIn).join(', ')}`, 400);
  const points = parse(request);
  if (relayTo !== undefined) refuseOthers(points);
  for (const point of points) {
    const timestamp = point.timestamp === undefined ? nowNs() : point.timestamp * unit;
    totals.take({ ...point, timestamp });
  }
  return relayTo === undefined ? { status: 204 } : relayWrite(request, relayTo);
}

/** The user's own token writes what is passed on: nothing but the live view's measurements. */
function refuseOthers(points: readonly LinePoint[]): void {
  const other = points.find(({ measurement }) => !Object.hasOwn(liveMeasurements, measurement));
  if (other === undefined) return;
  throw errorOf(
    'forbidden',
    `'${other.measurement}' is no measurement of Stampede’s: it is not passed on`,
    403,
  );
}

/** InfluxDB's clock has nanoseconds: points that bring no time of their own do not replace each other. */
function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n + (process.hrtime.bigint() % 1_000_000n);
}

function parse(request: GatewayRequest): LinePoint[] {
  try {
    return parseLineProtocol(unpack(request).toString());
  } catch (error) {
    if (error instanceof LineProtocolError) throw errorOf('invalid', error.message, 400);
    throw error;
  }
}

function unpack(request: GatewayRequest): Buffer {
  if (header(request, 'content-encoding') !== 'gzip') return request.body;
  try {
    return gunzipSync(request.body, { maxOutputLength: maxBodyBytes });
  } catch (error) {
    throw errorOf('invalid', `the body is not gzip: ${(error as Error).message}`, 400);
  }
}

function errorOf(code: string, message: string, status: number): AwsError {
  return new AwsError(code, message, status);
}

function json(status: number, body: object): GatewayResponse {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
  };
}
