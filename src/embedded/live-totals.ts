import { LatencyHistogram } from '../measure/latency-histogram.ts';
import { liveMeasurements } from '../measure/live-points.ts';
import type { FieldValue, LinePoint } from './line-protocol.ts';

/** A run as its live points tell it so far, summed over its slices. Zero where nothing was told yet. */
export interface LiveTotals {
  readonly slices: number;
  readonly connected: number;
  readonly connectFailed: number;
  readonly reconnects: number;
  readonly intended: number;
  readonly sent: number;
  readonly dropped: number;
  readonly acked: number;
  readonly throttled: number;
  readonly failed: number;
  readonly unacknowledged: number;
  readonly arrivals: number;
  /** Absent until something arrived. */
  readonly endToEndP99Ms?: number;
}

/** The part of InfluxDB that a terminal needs: the last word of every slice, and all arrivals. */
export interface LiveTotalsStore {
  take(point: LinePoint, atMs: number): void;
  totals(runId: string): LiveTotals;
}

const summed = [
  'connected',
  'connectFailed',
  'reconnects',
  'intended',
  'sent',
  'dropped',
  'acked',
  'throttled',
  'failed',
  'unacknowledged',
] as const;

type Sums = Record<(typeof summed)[number], number>;

/** Runs kept; then the one that began first is forgotten. */
const maxRuns = 20;
/** More than a Distributed Map can have children. */
const maxSlicesPerRun = 10_000;
/** At the two windows a second of a long run, a day's worth. */
const maxWindowsPerRun = 200_000;

interface LiveRun {
  readonly slices: Map<string, { readonly atMs: number; readonly values: Sums }>;
  /** Each window is told once; a redelivered batch tells its window again. */
  readonly windows: Set<string>;
  readonly latency: LatencyHistogram;
  arrivals: number;
}

export function makeLiveTotals(): LiveTotalsStore {
  const runs = new Map<string, LiveRun>();

  const runOf = (runId: string): LiveRun => {
    const known = runs.get(runId);
    if (known !== undefined) return known;
    const fresh: LiveRun = {
      slices: new Map(),
      windows: new Set(),
      latency: new LatencyHistogram(),
      arrivals: 0,
    };
    runs.set(runId, fresh);
    for (const oldest of runs.keys()) {
      if (runs.size <= maxRuns) break;
      runs.delete(oldest);
    }
    return fresh;
  };

  return {
    take({ measurement, tags, fields }, atMs) {
      const runId = tags.get('run');
      if (runId === undefined) return;
      if (measurement === liveMeasurements.slice)
        takeSlice(runOf(runId), tags.get('slice') ?? '', fields, atMs);
      if (measurement === liveMeasurements.arrivals)
        takeArrivals(runOf(runId), tags.get('window') ?? '', fields);
    },
    totals(runId) {
      const run = runs.get(runId);
      const sums = emptySums();
      for (const { values } of run?.slices.values() ?? [])
        for (const name of summed) sums[name] += values[name];
      const latency = run?.latency;
      return {
        slices: run?.slices.size ?? 0,
        ...sums,
        arrivals: run?.arrivals ?? 0,
        ...(latency === undefined || latency.count === 0 ? {} : { endToEndP99Ms: latency.percentileAt(99) }),
      };
    },
  };
}

/** Counters are cumulative: the newest point says it all, and one that comes late says nothing. */
function takeSlice(run: LiveRun, slice: string, fields: ReadonlyMap<string, FieldValue>, atMs: number): void {
  const known = run.slices.get(slice);
  if (known !== undefined && known.atMs > atMs) return;
  if (known === undefined && run.slices.size >= maxSlicesPerRun) return;
  const values = emptySums();
  for (const name of summed) values[name] = numberOf(fields.get(name));
  run.slices.set(slice, { atMs, values });
}

function takeArrivals(run: LiveRun, window: string, fields: ReadonlyMap<string, FieldValue>): void {
  if (run.windows.has(window) || run.windows.size >= maxWindowsPerRun) return;
  run.windows.add(window);
  run.arrivals += numberOf(fields.get('arrivals'));
  const encoded = fields.get('end_to_end_latency');
  if (typeof encoded !== 'string') return;
  try {
    run.latency.mergeEncoded(JSON.parse(encoded));
  } catch {
    // A histogram that cannot be read leaves the percentile as it was; the report has its own.
  }
}

function emptySums(): Sums {
  return Object.fromEntries(summed.map((name) => [name, 0])) as Sums;
}

function numberOf(value: FieldValue | undefined): number {
  return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : 0;
}
