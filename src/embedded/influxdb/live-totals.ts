import { presenceCounters, summedOfCommands } from '../../live/live-fleet.ts';
import type { LiveMeasurementName } from '../../live/live-points.ts';
import {
  type CompleteCounts,
  RunInProgress,
  type RunView,
  type ViewRequest,
} from '../../live/run-in-progress.ts';
import { fieldOfTotal, type LiveTotals, type SummedTotal } from '../../live/run-totals.ts';
import { LatencyHistogram } from '../../measure/latency-histogram.ts';
import { timedLatencyNames } from '../../measure/latency-names.ts';
import { publishCounters } from '../../measure/message-counters.ts';
import { ofEach } from '../../shared/counts.ts';
import type { FieldValue, LinePoint } from './line-protocol.ts';

const summedTotals = Object.keys(fieldOfTotal) as SummedTotal[];

/** The part of InfluxDB that a terminal and the live page need: sums over all points of a run, each once. */
export interface LiveTotalsStore {
  take(point: LinePoint): void;
  totals(runId: string): LiveTotals;
  /** The complete part of them. @param nowSecond epoch seconds: decides which slices are silent */
  complete(runId: string, nowSecond: number): CompleteCounts | undefined;
  /** By second and by slice. */
  view(runId: string, request: ViewRequest, nowSecond: number): RunView;
}

type Sums = Record<SummedTotal, number>;

/** Most runs kept; the one that began first is dropped. */
const maxRuns = 20;
/** Identities of points kept for a run, so that a retried point counts once: enough for minutes of 100 slices. */
const maxRemembered = 200_000;

interface LiveRun {
  readonly sums: Sums;
  readonly slices: Set<number>;
  readonly latency: LatencyHistogram;
  readonly progress: RunInProgress;
  arrivals: number;
  /** What makes two points the same in InfluxDB: measurement, tags and timestamp. */
  readonly seen: Set<string>;
}

export function makeLiveTotals(): LiveTotalsStore {
  const runs = new Map<string, LiveRun>();

  const runOf = (runId: string): LiveRun => {
    const known = runs.get(runId);
    if (known !== undefined) return known;
    const fresh: LiveRun = {
      sums: emptySums(),
      slices: new Set(),
      latency: new LatencyHistogram(),
      progress: new RunInProgress(),
      arrivals: 0,
      seen: new Set(),
    };
    runs.set(runId, fresh);
    forgetEldest(runs, maxRuns);
    return fresh;
  };

  return {
    take(point) {
      const runId = point.tags.get('run');
      const add = adders[point.measurement as LiveMeasurementName];
      if (runId === undefined || add === undefined) return;
      const run = runOf(runId);
      if (isNew(run, point)) add(run, point);
    },
    totals(runId) {
      const run = runs.get(runId);
      const { latency } = run ?? {};
      const parts = run?.progress.parts();
      const fleet = run?.progress.fleet();
      return {
        slices: run?.slices.size ?? 0,
        ...(run?.sums ?? emptySums()),
        arrivals: run?.arrivals ?? 0,
        ...(parts && parts.groups.length + parts.kinds.length > 0 && { parts }),
        ...(fleet && (fleet.commands ?? fleet.presence) && { fleet }),
        ...(latency === undefined || latency.count === 0 ? {} : { endToEndP99Ms: latency.percentileAt(99) }),
      };
    },
    complete: (runId, nowSecond) => runs.get(runId)?.progress.complete(nowSecond),
    view: (runId, request, nowSecond) =>
      (runs.get(runId)?.progress ?? new RunInProgress()).view(request, nowSecond),
  };
}

function isNew({ seen }: LiveRun, { measurement, tags, timestamp }: LinePoint): boolean {
  const identity = [measurement, ...[...tags].flat(), timestamp].join('\0');
  if (seen.has(identity)) return false;
  seen.add(identity);
  forgetEldest(seen, maxRemembered);
  return true;
}

type Add = (run: LiveRun, point: LinePoint) => void;

const adders: Readonly<Partial<Record<LiveMeasurementName, Add>>> = {
  stampede_slice: ({ sums, slices, progress }, { tags, fields, timestamp }) => {
    const count = (field: string): number => numberOf(fields.get(field));
    slices.add(count('slice'));
    for (const total of summedTotals) sums[total] += count(fieldOfTotal[total]);
    progress.takeSlice({
      slice: count('slice'),
      leg: count('leg'),
      group: tags.get('group'),
      second: secondOf(timestamp),
      phase: stringOf(fields.get('phase')),
      connected: count('connected'),
      users: count('users'),
      connects: count('connects'),
      reconnects: count('reconnects'),
      connectFailed: count('connect_failed'),
      ...ofEach(publishCounters, count),
    });
  },
  stampede_command: ({ progress }, { tags, fields, timestamp }) => {
    const counts = ofEach(summedOfCommands, (field) => numberOf(fields.get(field)));
    progress.takeCommands({ group: tags.get('group'), second: secondOf(timestamp), ...counts });
  },
  stampede_presence: ({ progress }, { fields }) => {
    progress.takePresence(ofEach(presenceCounters, (field) => numberOf(fields.get(field))));
  },
  stampede_kind: ({ progress }, { tags, fields }) => {
    const count = (field: string): number => numberOf(fields.get(field));
    const kind = tags.get('kind') ?? '';
    progress.takeKind({
      group: tags.get('group'),
      kind,
      ...ofEach(publishCounters, count),
      arrivals: count('arrivals'),
    });
  },
  stampede_arrivals: (run, { fields, timestamp }) => {
    run.arrivals += numberOf(fields.get('arrivals'));
    run.progress.takeArrivals(secondOf(timestamp), numberOf(fields.get('arrivals')));
  },
  stampede_latency: ({ latency, progress }, { tags, fields, timestamp }) => {
    const name = timedLatencyNames.find((timed) => timed === tags.get('latency'));
    if (name === undefined) return;
    const [positive, negative] = [stringOf(fields.get('hdr')), stringOf(fields.get('hdr_negative'))];
    try {
      progress.takeLatency(name, secondOf(timestamp), positive, negative);
      if (name !== 'end_to_end_latency') return;
      latency.mergeEncoded({
        count: numberOf(fields.get('count')),
        sumUs: numberOf(fields.get('sum_us')),
        minUs: numberOf(fields.get('min_us')),
        maxUs: numberOf(fields.get('max_us')),
        beyondRange: numberOf(fields.get('beyond_range')),
        positive,
        negative,
      });
    } catch {
      // A histogram that cannot be read leaves the percentiles as they were; the report has its own.
    }
  },
};

/** @param timestamp epoch nanoseconds */
function secondOf(timestamp: bigint | undefined): number {
  return Number((timestamp ?? 0n) / 1_000_000_000n);
}

function forgetEldest(kept: Map<string, unknown> | Set<string>, most: number): void {
  for (const eldest of kept.keys()) {
    if (kept.size <= most) return;
    kept.delete(eldest);
  }
}

function emptySums(): Sums {
  return Object.fromEntries(summedTotals.map((total) => [total, 0])) as Sums;
}

function numberOf(value: FieldValue | undefined): number {
  return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : 0;
}

function stringOf(value: FieldValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
