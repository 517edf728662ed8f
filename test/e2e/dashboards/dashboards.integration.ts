import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { variable } from '../../../dashboards/grafana/flux.ts';
import type { KindReport } from '../../../src/report/group-reports.ts';
import type { Report } from '../../../src/report/report-model.ts';
import {
  asSent,
  type Choice,
  type PanelQuery,
  readFluxQueries,
} from '../../support/dashboards/dashboard-queries.ts';
import { findInfluxd, type Influxd, startInfluxd } from '../../support/influx/influxd.ts';
import { type Rehearsal, startRehearsal } from '../../support/run/rehearsal.ts';

// Every query of every dashboard, as Grafana sends it, against what two real runs wrote into a real InfluxDB.

const binary = findInfluxd();
if (binary === undefined)
  console.warn(
    'skipped: there is no InfluxDB 2 (scripts/build-influxd.sh builds one, $INFLUXD names another)',
  );
const describeInfluxd = binary === undefined ? describe.skip : describe;

const load = {
  name: 'dashboards',
  devices: 40,
  connect: { client: 'dense', ratePerSecond: 400 },
  stages: [
    { duration: '2s', target: 400 },
    { duration: '4s', target: 400 },
  ],
  slices: { devicesPerSlice: 20 },
  messages: { reading: { weight: 3 }, alarm: {} },
  echo: { fraction: 0.2 },
  timeline: [{ at: '3s', rate: '1.2x' }],
  drain: '1s',
};
/** The same messages of two groups. */
const grouped = {
  ...load,
  devices: undefined,
  groups: { meters: { devices: 20 }, trackers: { devices: 20 } },
};
/** Commands and presence. */
const fleet = {
  name: 'fleet',
  duration: '4s',
  drain: '2s',
  groups: {
    locks: { devices: 12, idle: true, reply: { delay: '20ms..50ms' } },
    operator: { from: 'backend', command: { replyTimeout: '5s' }, ratePerSecond: 10 },
    watch: { devices: 1, idle: true, observe: 'presence' },
  },
};

let queries: PanelQuery[];
let influxd: Influxd;
let rehearsal: Rehearsal;
let reports: Report[];
let ofFleet: Report;
let choice: Choice;

const rowsOf = (name: string, chosen: Partial<Choice> = {}) => {
  const found = queries.find((query) => query.name === name);
  if (found === undefined) throw new Error(`there is no query ${name}`);
  return influxd.query(asSent(found.flux, { ...choice, ...chosen }));
};
const sumOf = (rows: readonly Readonly<Record<string, string>>[], column: string) =>
  rows.reduce((sum, row) => sum + Number(row[column] ?? 0), 0);

beforeAll(async () => {
  if (binary === undefined) return;
  queries = await readFluxQueries();
  influxd = await startInfluxd(binary);
  const from = new Date().toISOString();
  rehearsal = await startRehearsal({ influx: influxd.server });
  ofFleet = (await rehearsal.run(fleet)).report;
  reports = [(await rehearsal.run(load)).report, (await rehearsal.run(grouped)).report];
  choice = {
    runs: reports.map(({ runId }) => runId),
    latency: 'end_to_end_latency',
    stage: '.*',
    bucket: influxd.server.bucket,
    from,
    to: new Date(Date.now() + 5_000).toISOString(),
    window: '1s',
  };
});
afterAll(async () => {
  await rehearsal?.close();
  await influxd?.close();
});

describeInfluxd('the dashboards, on InfluxDB 2', () => {
  it.each(['1s', '10s'])('find something with every query, in windows of %s', async (window) => {
    for (const { name, flux } of queries) {
      const isOfFleet = /stampede_(command|presence)/.test(flux);
      const runs = isOfFleet ? [ofFleet.runId] : choice.runs;
      const rows = await influxd.query(asSent(flux, { ...choice, runs, window }));
      // Messages at QoS 2 are what no run on IoT Core has.
      expect([name, rows.length > 0]).toEqual([name, !name.includes('PUBCOMP')]);
    }
  });

  it('count what the report counts', async () => {
    const { messages, runId } = reports[0]!;
    const [totals] = await rowsOf('stampede-run / Messages / A');
    const { intended, sent, acked, dropped } = messages;
    expect(totals).toMatchObject({
      intended: `${intended}`,
      sent: `${sent}`,
      acked: `${acked}`,
      dropped: `${dropped}`,
    });
    expect(await rowsOf('stampede-run / Messages / B')).toMatchObject([{ arrivals: `${messages.arrivals}` }]);
    expect(await rowsOf('stampede-run / Sent, not arrived / A')).toMatchObject([{ 'not arrived': '0' }]);
    for (const [window, seconds] of [
      ['1s', 1],
      ['10s', 10],
    ] as const) {
      const rates = await rowsOf('stampede-run / Arrival rate against throughput / A', { window });
      expect(sumOf(rates, 'sent') * seconds).toBeCloseTo(sent, 3);
    }
    const devices = await rowsOf('stampede-run / Devices / A');
    expect(Math.max(...devices.map(({ connected }) => Number(connected)))).toBe(40);
    expect(
      (await rowsOf('stampede-run / variable run / InfluxVariableQueryEditor-VariableQuery'))[0],
    ).toMatchObject({
      _value: reports[1]!.runId,
    });
    expect(runId).not.toBe(reports[1]!.runId);
  });

  it('count commands and presence as the report does', async () => {
    const runs = [ofFleet.runId];
    const { delivered, offline, sent, replies } = ofFleet.downlink!;
    expect(await rowsOf('stampede-run / Commands / A', { runs })).toMatchObject([
      {
        sent: `${sent}`,
        delivered: `${delivered}`,
        offline: `${offline}`,
        replied: `${replies!.replied}`,
        timed_out: `${replies!.timedOut}`,
      },
    ]);
    const rates = await rowsOf('stampede-run / Commands and replies / A', { runs });
    expect(sumOf(rates, 'delivered')).toBeCloseTo(delivered, 3);
    const events = await rowsOf('stampede-run / Presence events / A', { runs });
    const { groups } = ofFleet.presence!;
    expect(sumOf(events, 'connects')).toBeCloseTo(
      groups.reduce((sum, { connects }) => sum + connects.events, 0),
      3,
    );
    expect(sumOf(events, 'disconnects')).toBeCloseTo(
      groups.reduce((sum, { disconnects }) => sum + disconnects.events, 0),
      3,
    );
    // Commands are no messages.
    expect((await rowsOf('stampede-run / Messages / A', { runs }))[0]).toMatchObject({ sent: '0' });
  });

  it('count by group and kind what the report counts', async () => {
    const name = 'stampede-run / Messages by group and kind / A';
    const countsOf = ({ kind, messages }: KindReport, group: string) => ({
      group,
      kind,
      intended: `${messages.intended}`,
      sent: `${messages.sent}`,
      acked: `${messages.acked}`,
      arrivals: `${messages.arrivals}`,
    });
    const [flat, inGroups] = reports as [Report, Report];
    const ofFlat = flat.kinds!.map((kind) => countsOf(kind, ''));
    const byName = (a: { kind: string }, b: { kind: string }) => a.kind.localeCompare(b.kind);
    expect(await rowsOf(name, { runs: [flat.runId] })).toMatchObject(ofFlat.toSorted(byName));
    const ofGroups = inGroups.groups!.flatMap(({ group, kinds }) =>
      kinds!.map((kind) => countsOf(kind, group)).toSorted(byName),
    );
    expect(await rowsOf(name, { runs: [inGroups.runId] })).toMatchObject(ofGroups);
    const arrivals = await rowsOf('stampede-run / Arrivals by group and kind / A', {
      runs: [inGroups.runId],
    });
    for (const { group, kind, arrivals: count } of ofGroups)
      expect(sumOf(arrivals, `${group} / ${kind}`)).toBeCloseTo(Number(count), 3);
  });

  it('show percentiles that are the report’s, to the width of a bucket', async () => {
    for (const latency of ['end_to_end_latency', 'puback_round_trip', 'send_lag', 'echo_latency'] as const) {
      const { runId, latencyMs } = reports[0]!;
      const rows = await rowsOf('stampede-latency / Every kind of latency / A', { latency, runs: [runId] });
      const row = rows.find((each) => each.latency === latency)!;
      const { p50, p90, p95, p99, p999 } = latencyMs[latency];
      // Flux interpolates between ranks, and in the tail of some hundred samples the next one may be far: there the
      // exact neighbours bound it. Below 128 µs there is one bucket.
      for (const [shown, atLeast, atMost] of [
        [row.p50, p50, p50],
        [row.p90, p90, p90],
        [row.p99, Math.min(p95, p99), Math.max(p99, p999)],
      ] as const) {
        expect(Number(shown)).toBeGreaterThan(atLeast - Math.max(0.128, 0.125 * atLeast));
        expect(Number(shown)).toBeLessThan(atMost + Math.max(0.128, 0.125 * atMost));
      }
    }
  });

  it('hold every message in the heatmap', async () => {
    const rows = await rowsOf(`stampede-latency / ${variable('latency')}: every message / A`);
    let messages = 0;
    for (const row of rows) {
      for (const [column, count] of Object.entries(row)) {
        if (column !== '' && !Number.isNaN(Number(column))) messages += Number(count);
      }
    }
    expect(messages).toBe(reports[0]!.latencyMs.end_to_end_latency.count);
  });

  it('mark start, stages, actions and stop', async () => {
    const course = await rowsOf('stampede-run / annotation Start, stages, actions, stop / Anno');
    expect(course.map(({ tags }) => tags)).toEqual(['start', 'stage', 'stage', 'action', 'stop']);
    expect(course.map(({ title }) => title)).toEqual([
      'dashboards: start',
      'stage 1',
      'stage 2',
      'rate × 1.2',
      `dashboards: ${reports[0]!.verdict}`,
    ]);
  });

  it('compare runs from a common start', async () => {
    const rows = await rowsOf('stampede-compare / Throughput / A');
    for (const { runId, messages } of reports) expect(sumOf(rows, runId)).toBe(messages.acked);
    const results = await rowsOf('stampede-compare / Results / A');
    expect(results.map(({ run, lost, verdict }) => ({ run, lost, verdict }))).toEqual(
      reports
        .map(({ runId, messages, verdict }) => ({ run: runId, lost: `${messages.lost}`, verdict }))
        .reverse(),
    );
  });

  it('name the slices of the worst moments', async () => {
    const rows = await rowsOf('stampede-generator / Worst moments, by slice / A');
    expect(rows.length).toBeGreaterThan(0);
    for (const { slice } of rows) expect(['0', '1']).toContain(slice);
  });
});
