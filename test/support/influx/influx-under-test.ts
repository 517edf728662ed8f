import type { InfluxServer } from '../../../src/embedded/influxdb/influxdb-relay.ts';
import type { LatencyName } from '../../../src/measure/latency-names.ts';
import type { Report } from '../../../src/report/report-model.ts';

/** An InfluxDB, or what takes its place, that a test may ask, kill and bring back on the same port. */
export interface InfluxUnderTest {
  readonly server: InfluxServer;
  start(): Promise<void>;
  /** At once, as a machine dies; what was answered must be there when it is back. */
  kill(): Promise<void>;
  /** Over all points of a run. */
  sum(runId: string, measurement: string, field: string, latency?: LatencyName): Promise<number>;
  /** Ends it and removes what it stored. */
  close(): Promise<void>;
}

type Sum = readonly [measurement: string, field: string, latency?: LatencyName];

/** What the live view of a run must come to, by the run's report. */
export function expectedSums({ messages, devices, latencyMs }: Report): readonly (readonly [Sum, number])[] {
  const counters = ['intended', 'sent', 'dropped', 'acked', 'throttled', 'failed', 'unacknowledged'] as const;
  const latencies = ['end_to_end_latency', 'transit', 'puback_round_trip', 'send_lag', 'connect'] as const;
  return [
    ...counters.map((field) => [['stampede_slice', field], messages[field]] as const),
    [['stampede_slice', 'connects'], devices.connected],
    [['stampede_arrivals', 'arrivals'], messages.arrivals],
    ...latencies.map((name) => [['stampede_latency', 'count', name], latencyMs[name].count] as const),
  ];
}

/** `stampede_slice.sent` → sum, of what is expected and of what is there. */
export async function comparedSums(influx: InfluxUnderTest, report: Report) {
  const expected: Record<string, number> = {};
  const found: Record<string, number> = {};
  for (const [[measurement, field, latency], count] of expectedSums(report)) {
    const name = [measurement, field, ...(latency === undefined ? [] : [latency])].join('.');
    expected[name] = count;
    found[name] = await influx.sum(report.runId, measurement, field, latency);
  }
  return { expected, found };
}
