import { HttpError, InfluxDB, Point, setLogger } from '@influxdata/influxdb-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Gateway, startGateway } from '../../../../src/embedded/gateway/gateway.ts';
import { makeInfluxDb } from '../../../../src/embedded/influxdb/influxdb.ts';
import {
  type LinePoint,
  LineProtocolError,
  parseLineProtocol,
} from '../../../../src/embedded/influxdb/line-protocol.ts';
import { type LiveTotalsStore, makeLiveTotals } from '../../../../src/embedded/influxdb/live-totals.ts';
import { LatencyHistogram } from '../../../../src/measure/latency-histogram.ts';

let gateway: Gateway;
let totals: LiveTotalsStore;
let taken: LinePoint[];

beforeAll(async () => {
  setLogger({ error: () => undefined, warn: () => undefined });
  const recording: LiveTotalsStore = {
    take(point) {
      taken.push(point);
      totals.take(point);
    },
    totals: (runId) => totals.totals(runId),
    complete: (runId, nowSecond) => totals.complete(runId, nowSecond),
    view: (runId, request, nowSecond) => totals.view(runId, request, nowSecond),
  };
  const influxDb = makeInfluxDb({
    org: 'stampede',
    bucket: 'stampede',
    token: 'embedded',
    totals: recording,
  });
  gateway = await startGateway({ accessKeys: [], signed: {}, unsigned: [['/', influxDb]] });
});
beforeEach(() => {
  totals = makeLiveTotals();
  taken = [];
});
afterAll(() => gateway.close());

const authorized = { headers: { authorization: 'Token embedded' } };
const options = { batchSize: 10_000, maxRetries: 0, flushInterval: 0 };
const writeApi = (bucket = 'stampede', token = 'embedded', gzipThreshold = 1_000) =>
  new InfluxDB({ url: gateway.url, token }).getWriteApi('stampede', bucket, 'ms', {
    ...options,
    gzipThreshold,
  });

function slicePoint(run: string, slice: number, fields: Record<string, number>, second: number): Point {
  const point = new Point('stampede_slice').tag('run', run).tag('protocol', 'mqtt').tag('stage', '1');
  for (const [name, value] of Object.entries({ slice, ...fields })) point.intField(name, value);
  return point.timestamp(second * 1_000 + slice);
}

describe('embedded InfluxDB', () => {
  it('sums the points of all slices, each once however often it is written', async () => {
    const points = [
      slicePoint('r', 0, { connects: 10, sent: 100, acked: 90 }, 1),
      slicePoint('r', 1, { connects: 5, sent: 50, acked: 50 }, 1),
      slicePoint('r', 0, { sent: 40, acked: 40 }, 2),
      slicePoint('another', 0, { sent: 7 }, 1),
    ];
    for (let times = 0; times < 2; times++) {
      const api = writeApi();
      api.writePoints(points);
      await api.close();
    }
    expect(totals.totals('r')).toMatchObject({
      slices: 2,
      connected: 15,
      sent: 190,
      acked: 180,
      arrivals: 0,
    });
    expect(totals.totals('r')).not.toHaveProperty('endToEndP99Ms');
    expect(totals.totals('no-such-run')).toMatchObject({ slices: 0, sent: 0 });
  });

  it('sums them by group and by kind of message as well, where points have these tags', async () => {
    const api = writeApi();
    const ofMeters = (point: Point) => point.tag('group', 'meters');
    api.writePoint(ofMeters(slicePoint('mix', 0, { connects: 10, sent: 100 }, 1)));
    api.writePoint(ofMeters(slicePoint('mix', 1, { connects: 5, sent: 50 }, 1)));
    const kind = new Point('stampede_kind').tag('run', 'mix').tag('kind', 'alarm').timestamp(1);
    api.writePoint(ofMeters(kind.intField('sent', 3).intField('arrivals', 2)));
    await api.close();
    const { groups, kinds } = totals.totals('mix').parts!;
    expect(groups).toEqual([expect.objectContaining({ group: 'meters', connects: 15, sent: 150 })]);
    expect(kinds).toEqual([
      expect.objectContaining({ group: 'meters', kind: 'alarm', sent: 3, arrivals: 2 }),
    ]);
    expect(totals.totals('r')).not.toHaveProperty('parts');
  });

  it('merges the latencies of arrivals', async () => {
    const latency = new LatencyHistogram();
    for (let ms = 1; ms <= 100; ms++) latency.record(ms);
    const { count, sumUs, minUs, maxUs, positive } = latency.encode();
    const api = writeApi();
    for (const [kind, at] of [
      ['end_to_end_latency', 1],
      ['end_to_end_latency', 2],
      ['end_to_end_latency', 1],
      ['transit', 1],
    ] as const) {
      const tagged = (measurement: string) => new Point(measurement).tag('run', 'r').timestamp(at);
      if (kind === 'end_to_end_latency')
        api.writePoint(tagged('stampede_arrivals').intField('arrivals', 100));
      api.writePoint(
        tagged('stampede_latency')
          .tag('latency', kind)
          .intField('count', count)
          .intField('sum_us', sumUs)
          .intField('min_us', minUs)
          .intField('max_us', maxUs)
          .stringField('hdr', positive),
      );
    }
    await api.close();
    const { arrivals, endToEndP99Ms } = totals.totals('r');
    expect(arrivals).toBe(200);
    expect(endToEndP99Ms).toBeCloseTo(99, 0);
  });

  it.each([
    ['plain', 1_000_000],
    ['packed', 1],
  ])('reads what the client writes, %s', async (_how, gzipThreshold) => {
    const api = writeApi('stampede', 'embedded', gzipThreshold);
    api.writePoint(
      new Point('a, measure=ment')
        .tag('tag, key=', 'value, =é\\x')
        .stringField('text', 'say "hi"\\ and\nbye, = ')
        .floatField('rate', -1.5e-7)
        .intField('count', 42)
        .uintField('big', '18446744073709551615')
        .booleanField('up', true)
        .timestamp(1_234),
    );
    await api.close();
    expect(taken).toEqual([
      {
        measurement: 'a, measure=ment',
        tags: new Map([['tag, key=', 'value, =é\\x']]),
        fields: new Map<string, unknown>([
          ['big', 18446744073709551615n],
          ['count', 42n],
          ['rate', -1.5e-7],
          ['text', 'say "hi"\\ and\nbye, = '],
          ['up', true],
        ]),
        timestamp: 1_234_000_000n,
      },
    ]);
  });

  it('refuses as InfluxDB does', async () => {
    const outcome = async (api: ReturnType<typeof writeApi>, record: string): Promise<unknown> => {
      api.writeRecord(record);
      return api.close().catch((error: unknown) => error);
    };
    const expectError = (error: unknown, statusCode: number, code: string): void => {
      expect(error).toBeInstanceOf(HttpError);
      expect(error).toMatchObject({ statusCode, json: { code } });
    };
    expectError(await outcome(writeApi('elsewhere'), 'm f=1'), 404, 'not found');
    expectError(await outcome(writeApi('stampede', 'wrong'), 'm f=1'), 401, 'unauthorized');
    expectError(await outcome(writeApi(), 'm f=1\nm f=nonsense'), 400, 'invalid');
    expect(taken).toEqual([]);
    expect((await fetch(`${gateway.url}/ping`, authorized)).status).toBe(204);
    expect(await (await fetch(`${gateway.url}/health`, authorized)).json()).toMatchObject({ status: 'pass' });
  });
});

describe('line protocol', () => {
  it('reads back whatever the client can write', () => {
    // The client leaves control characters and trailing backslashes of keys to its user.
    const name = fc.stringMatching(/^[a-z ,="\\é-][a-z]$/);
    fc.assert(
      fc.property(
        name,
        fc.dictionary(name, name, { maxKeys: 3 }),
        fc.dictionary(name, fc.string({ unit: 'grapheme' }), { minKeys: 1, maxKeys: 3 }),
        (measurement, tags, fields) => {
          const point = new Point(measurement);
          for (const [key, value] of Object.entries(tags)) point.tag(key, value);
          for (const [key, value] of Object.entries(fields)) point.stringField(key, value);
          const [read] = parseLineProtocol(`${point.toLineProtocol()}\n`);
          expect(Object.fromEntries(read?.fields ?? [])).toEqual(fields);
          expect(Object.fromEntries(read?.tags ?? [])).toEqual(tags);
          expect(read?.measurement).toBe(measurement);
        },
      ),
    );
  });

  it('skips comments and empty lines', () => {
    expect(
      parseLineProtocol('# c\n\n  \r\nm f=1i\r\n# d\nn,t=x f=T 12 \n').map((p) => p.measurement),
    ).toEqual(['m', 'n']);
  });

  it.each([
    ['m', 'has no fields'],
    ['m,t f=1', "tag 't' has no value"],
    ['m,t= f=1', "value of tag 't' is empty"],
    ['m f', "field 'f' has no value"],
    ['m f=', "value of field 'f' is empty"],
    ['m f=1x', "'1x' is no value"],
    ['m f="open', 'has no end'],
    ['m f=1 12x', 'something follows the timestamp'],
    ['m f=1 noon', 'the timestamp is no integer'],
  ])('names the fault of %j', (text, fault) => {
    const parse = () => parseLineProtocol(`ok f=1\n${text}`);
    expect(parse).toThrow(LineProtocolError);
    expect(parse).toThrow(new RegExp(`^line 2: .*${fault}`));
  });
});
