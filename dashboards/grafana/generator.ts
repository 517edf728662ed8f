import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { makeDashboard } from './dashboard.ts';
import { chosenRun, gaugesOf, largestOf, pipe, points, ratesOf, slicesReporting } from './flux.ts';
import { percentilesBy } from './flux-latency.ts';
import { fluxQuery } from './flux-query.ts';
import { stats, table, timeSeries } from './panels.ts';

/** Is it the service that is late, or are we? */
export function generator(): DashboardBuilder {
  return makeDashboard({
    uid: 'stampede-generator',
    title: 'generator health',
    description:
      'Whether the load was what the plan says: send lag, drops, CPU, memory, event loops, late slices.',
    from: 'now-15m',
  })
    .withPanel(worst())
    .withPanel(sendLag())
    .withPanel(dropped())
    .withPanel(cpu())
    .withPanel(memory())
    .withPanel(eventLoops())
    .withPanel(slices())
    .withPanel(worstSlices());
}

const worst = () =>
  stats({
    title: 'Worst of any slice',
    description: 'Over the time range.',
    span: 24,
    unit: 'ms',
    queries: [
      fluxQuery(
        `${points('stampede_slice', ['start_lag_ms', 'event_loop_delay_max_ms'])}${pipe(
          'max()',
          'group(columns: ["_field"])',
          'max()',
          'map(fn: (r) => ({row: 0, _field: r._field, _value: r._value}))',
          'group()',
          'pivot(rowKey: ["row"], columnKey: ["_field"], valueColumn: "_value")',
          'drop(columns: ["row"])',
        )}`,
      ),
    ],
  });

const sendLag = () =>
  timeSeries({
    title: 'Send lag',
    description:
      'From a message’s intended instant to the write on its socket: the generator’s own lateness.',
    span: 12,
    unit: 'ms',
    queries: [fluxQuery(percentilesBy({ by: '_time', filters: [chosenRun, 'r.latency == "send_lag"'] }))],
  });

const dropped = () =>
  timeSeries({
    title: 'Dropped',
    description:
      'Intended, never sent: not connected in time, or behind the device’s unacknowledged publishes.',
    span: 12,
    unit: 'cps',
    queries: [fluxQuery(ratesOf('stampede_slice', ['dropped']))],
  });

const cpu = () =>
  timeSeries({
    title: 'CPU',
    description:
      'Cores busy, of all slices together and of the busiest. A slice has one event loop: at 1 it is full.',
    span: 12,
    queries: [
      fluxQuery(ratesOf('stampede_slice', ['cpu_seconds'])),
      fluxQuery(`${largestOf(['cpu_seconds'])}\n  |> rename(columns: {cpu_seconds: "busiest slice"})`, 'B'),
    ],
  });

const memory = () =>
  timeSeries({
    title: 'Memory',
    description: 'Resident, of all slices together and of the largest.',
    span: 12,
    unit: 'bytes',
    queries: [
      fluxQuery(gaugesOf(['rss_bytes'])),
      fluxQuery(`${largestOf(['rss_bytes'])}\n  |> rename(columns: {rss_bytes: "largest slice"})`, 'B'),
    ],
  });

const eventLoops = () =>
  timeSeries({
    title: 'Event loop delay',
    description: 'Longest of any slice: what nothing of that slice could happen in.',
    span: 12,
    unit: 'ms',
    queries: [fluxQuery(largestOf(['event_loop_delay_max_ms']))],
  });

const slices = () =>
  timeSeries({
    title: 'Slices reporting',
    description: 'Slices with a point in a second. Fewer than planned: late, dead, or its points delayed.',
    span: 12,
    queries: [fluxQuery(slicesReporting())],
  });

/** A slice's number is the nanoseconds of its points: no pivot is needed to find the slice of a value. */
const worstSlices = () =>
  table({
    title: 'Worst moments, by slice',
    description: 'The twenty longest event loop delays, and whose they were.',
    span: 24,
    unit: 'ms',
    queries: [
      fluxQuery(
        `${points('stampede_slice', ['event_loop_delay_max_ms'])}${pipe(
          'group()',
          'top(n: 20)',
          'map(fn: (r) => ({_time: r._time, slice: string(v: int(v: r._time) % 1000000000), stage: r.stage, "event loop delay": r._value}))',
        )}`,
      ),
    ],
  });
