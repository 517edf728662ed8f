import { gunzipSync } from 'node:zlib';
import { AwsError } from './aws-error.ts';
import { type EdgeRequest, type EdgeResponse, type EdgeService, header } from './edge.ts';
import { type InfluxServer, relayWrite } from './influxdb-relay.ts';
import { answerSumQuery, parseSumQuery } from './influxql.ts';
import { type LinePoint, LineProtocolError, parseLineProtocol } from './line-protocol.ts';
import { type LiveTotalsStore, totalOfField } from './live-totals.ts';

export interface InfluxDbOptions {
  readonly org: string;
  readonly bucket: string;
  readonly token: string;
  readonly totals: LiveTotalsStore;
  /** Where what is written here is written as well. */
  readonly relayTo?: InfluxServer;
}

/** Of a body, packed and unpacked. */
const maxBodyBytes = 16 * 1_048_576;
const version = '2.7-embedded';
const nanosecondsIn: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
};

/** InfluxDB 2's write API; what is written feeds the live totals, and is kept only where it is handed on. */
export function makeInfluxDb(options: InfluxDbOptions): EdgeService {
  return {
    maxBodyBytes,
    takesForms: true,
    // InfluxDB's codes are words: https://docs.influxdata.com/influxdb/v2/api/#operation/PostWrite
    renderError: ({ code, status, message }) => json(status, { code, message }),
    async handle(request) {
      const { method, path } = request;
      if (path === '/health' && method === 'GET') {
        return json(200, {
          name: 'influxdb',
          message: 'ready for writes',
          status: 'pass',
          checks: [],
          version,
        });
      }
      if (path === '/ping') return { status: 204, headers: { 'x-influxdb-version': version } };
      if (path === '/api/v2/write' && method === 'POST') return write(request, options);
      if (path === '/query' && method === 'GET') return query(request, options);
      throw fault('not found', `embedded InfluxDB does not support ${method} ${path}`, 404);
    },
  };
}

/** InfluxQL, as far as anybody asks while a run goes on: sums of one run's counters. */
function query(request: EdgeRequest, options: InfluxDbOptions): EdgeResponse {
  authorize(request, options);
  const database = request.query.get('db');
  if (database !== options.bucket) throw fault('not found', `database not found: ${database}`, 404);
  const asked = parseSumQuery(request.query.get('q') ?? '');
  if (asked === undefined) throw fault('invalid', 'embedded InfluxDB only sums fields of one run', 400);
  return json(200, answerSumQuery(asked, options.totals.totals(asked.runId), totalOfField));
}

function authorize(request: EdgeRequest, { token }: InfluxDbOptions): void {
  if (header(request, 'authorization') !== `Token ${token}`)
    throw fault('unauthorized', 'unauthorized access', 401);
}

async function write(request: EdgeRequest, options: InfluxDbOptions): Promise<EdgeResponse> {
  const { org, bucket, totals, relayTo } = options;
  authorize(request, options);
  const asked = { org: request.query.get('org'), bucket: request.query.get('bucket') };
  if (asked.org !== org) throw fault('not found', `organization name "${asked.org}" not found`, 404);
  if (asked.bucket !== bucket) throw fault('not found', `bucket "${asked.bucket}" not found`, 404);
  const unit = nanosecondsIn[request.query.get('precision') ?? 'ns'];
  if (unit === undefined)
    throw fault('invalid', `precision must be one of ${Object.keys(nanosecondsIn).join(', ')}`, 400);
  for (const point of parse(request)) {
    const timestamp = point.timestamp === undefined ? nowNs() : point.timestamp * unit;
    totals.take({ ...point, timestamp });
  }
  return relayTo === undefined ? { status: 204 } : relayWrite(request, relayTo);
}

/** InfluxDB's clock has nanoseconds: points that bring no time of their own do not replace each other. */
function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n + (process.hrtime.bigint() % 1_000_000n);
}

function parse(request: EdgeRequest): LinePoint[] {
  try {
    return parseLineProtocol(unpack(request).toString());
  } catch (error) {
    if (error instanceof LineProtocolError) throw fault('invalid', error.message, 400);
    throw error;
  }
}

function unpack(request: EdgeRequest): Buffer {
  if (header(request, 'content-encoding') !== 'gzip') return request.body;
  try {
    return gunzipSync(request.body, { maxOutputLength: maxBodyBytes });
  } catch (error) {
    throw fault('invalid', `the body is not gzip: ${(error as Error).message}`, 400);
  }
}

function fault(code: string, message: string, status: number): AwsError {
  return new AwsError(code, message, status);
}

function json(status: number, body: object): EdgeResponse {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
  };
}
