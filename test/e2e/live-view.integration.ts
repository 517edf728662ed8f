import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { LatencyHistogram } from '../../src/measure/latency-histogram.ts';
import type { Report } from '../../src/report/report-model.ts';
import { comparedSums, type InfluxUnderTest } from '../support/influx/influx-under-test.ts';
import { findInfluxd, type Influxd, startInfluxd } from '../support/influx/influxd.ts';
import { hasVictoriaMetrics, startVictoriaMetrics } from '../support/influx/victoria-metrics.ts';
import { type Rehearsal, startRehearsal } from '../support/run/rehearsal.ts';

// What a real server makes of the live view of a whole run.

const load = {
  devices: 40,
  connect: { client: 'dense', ratePerSecond: 400 },
  stages: [
    { duration: '2s', target: 400 },
    { duration: '6s', target: 400 },
  ],
  slices: { devicesPerSlice: 20 },
  echo: { fraction: 0.1 },
  drain: '1s',
};

const influxdBinary = findInfluxd();
if (influxdBinary === undefined)
  console.warn(
    'skipped: there is no InfluxDB 2 (scripts/build-influxd.sh builds one, $INFLUXD names another)',
  );
if (!hasVictoriaMetrics)
  console.warn('skipped: there is no VictoriaMetrics (apt-get install victoria-metrics)');
const describeInfluxd = influxdBinary === undefined ? describe.skip : describe;
const describeVictoriaMetrics = hasVictoriaMetrics ? describe : describe.skip;

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function rehearseInto<Server extends InfluxUnderTest>(
  server: Server,
  whilePublishing?: () => Promise<void>,
): Promise<{ readonly report: Report; readonly rehearsal: Rehearsal }> {
  opened.push(server);
  const rehearsal = await startRehearsal({ influx: server.server });
  opened.push(rehearsal);
  const { report } = await rehearsal.run(load, whilePublishing);
  return { report, rehearsal };
}

describeInfluxd('InfluxDB 2', () => {
  it('holds the run’s ledger, and its latencies whole', async () => {
    const influxd = await startInfluxd(influxdBinary!);
    const { report } = await rehearseInto(influxd);
    const { expected, found } = await comparedSums(influxd, report);
    expect(found).toEqual(expected);
    for (const name of ['end_to_end_latency', 'transit', 'puback_round_trip', 'send_lag'] as const) {
      expect((await readLatency(influxd, report.runId, name)).summary()).toEqual(report.latencyMs[name]);
    }
  });

  it('is killed in the middle of a run and comes back: nothing is missing, nothing is there twice', async () => {
    const influxd = await startInfluxd(influxdBinary!);
    const { report } = await rehearseInto(influxd, async () => {
      await sleep(2_000);
      await influxd.kill();
      await sleep(3_000);
      await influxd.start();
    });
    // The machine of a test may be the bottleneck.
    expect(['passed', 'inconclusive']).toContain(report.verdict);
    const { expected, found } = await comparedSums(influxd, report);
    expect(found).toEqual(expected);
  });
});

describeVictoriaMetrics('VictoriaMetrics', () => {
  it('holds the run’s ledger', async () => {
    const victoria = await startVictoriaMetrics();
    const { report } = await rehearseInto(victoria);
    const { expected, found } = await comparedSums(victoria, report);
    expect(found).toEqual(expected);
  });
});

/** Merges the histograms of every point, as a reader with HdrHistogram at hand does. */
async function readLatency(influxd: Influxd, runId: string, latency: string): Promise<LatencyHistogram> {
  const rows = await influxd.query(`
    from(bucket: "${influxd.server.bucket}") |> range(start: -1d, stop: 1d)
      |> filter(fn: (r) => r._measurement == "stampede_latency" and r.run == "${runId}" and r.latency == "${latency}")
      |> filter(fn: (r) => r._field !~ /^lt_/)
      |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value") |> group()`);
  const merged = new LatencyHistogram();
  for (const row of rows) {
    merged.mergeEncoded({
      count: Number(row.count),
      sumUs: Number(row.sum_us),
      minUs: Number(row.min_us),
      maxUs: Number(row.max_us),
      beyondRange: Number(row.beyond_range ?? 0),
      positive: row.hdr ?? '',
      negative: row.hdr_negative ?? '',
    });
  }
  return merged;
}
