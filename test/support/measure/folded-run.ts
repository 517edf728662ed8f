import type { RunObjects } from '../../../src/aws/run-objects.ts';
import { openRunStore, type RunStore } from '../../../src/aws/run-store.ts';
import { makeRunObjects } from '../../../src/cli/runs/run-directory.ts';
import type { ArrivalWindow } from '../../../src/measure/arrival-window.ts';
import { encodeBuckets, latencyBucketOf, latencyBuckets } from '../../../src/measure/latency-buckets.ts';
import type { EncodedHistogram } from '../../../src/measure/latency-histogram.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { defaultDeployment } from '../../../src/plan/deployment.ts';
import { secondsBetweenLooks } from '../../../src/plan/folds.ts';
import { heldMessages } from '../../../src/plan/held-messages.ts';
import { invokeLegAt, legsOf } from '../../../src/plan/legs.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { countDueBefore } from '../../../src/plan/schedule.ts';
import { type ScheduledStream, streamsOf } from '../../../src/plan/streams.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { ofEach } from '../../../src/shared/counts.ts';
import { foldRun } from '../../../src/worker/fold-run.ts';
import { createdAt } from './run-fixture.ts';

export interface LongRun {
  readonly devices: number;
  readonly ratePerSecond: number;
  readonly duration: string;
  /** How many windows the arrivals of so many seconds lie in. */
  readonly windows: { readonly seconds: number; readonly count: number };
}

export function planOfLongRun({ devices, ratePerSecond, duration }: LongRun): Plan {
  const plan = makePlan({
    runId: 'long-20260901T101010Z-ab12',
    now: createdAt,
    coldStart: { leadMs: 2_000, environmentsPerSecond: 100 },
    profile: parseLoadProfile({
      name: 'long',
      devices,
      ratePerSecond,
      duration,
      limits: { maxCostUsd: 100_000 },
    }),
    deployment: {
      ...defaultDeployment,
      subscriber: 'stream',
      stream: { mode: 'provisioned', shards: Math.max(1, Math.ceil(ratePerSecond / 500)) },
    },
  });
  return plan;
}

/** A directory of runs whose files were stored when the clock says: what a bucket would report of a run of days. */
export function makeTimedObjects(directory: string, now: () => number): RunObjects {
  const objects = makeRunObjects(directory);
  const storedAt = new Map<string, number>();
  return {
    ...objects,
    async put(key, body) {
      storedAt.set(key, now());
      await objects.put(key, body);
    },
    async putIfNew(key, body) {
      const isNew = await objects.putIfNew(key, body);
      if (isNew) storedAt.set(key, now());
      return isNew;
    },
    async *list(prefix) {
      for await (const { key } of objects.list(prefix))
        yield { key, modifiedAt: async () => storedAt.get(key) };
    },
  };
}

/** What a generated run came to, beside what it left in its directory. */
export interface Generated {
  readonly looks: number;
  readonly windows: number;
  readonly results: number;
  readonly foldedWindows: number;
  readonly foldedResults: number;
}

/**
 * A long run in virtual time: what the plan has each leg send arrives, 40 ms after it was due, and a look folds what is stored as the state
 * machine would have it. Every message number is in the results, and in the windows, once.
 */
export async function generateLongRun(run: LongRun, directory: string): Promise<Generated> {
  const plan = planOfLongRun(run);
  let now = createdAt;
  const store = openRunStore(makeTimedObjects(directory, () => now));
  await store.putPlan(plan);
  const events = [
    ...legEnds(plan, store),
    ...windowEnds(plan, store, run),
    ...looksAt(plan, store, () => now),
  ];
  const generated = { looks: 0, windows: 0, results: 0, foldedWindows: 0, foldedResults: 0 };
  for (const { at, happen } of events.toSorted((a, b) => a.at - b.at)) {
    now = at;
    const counts = await happen();
    for (const [name, count] of Object.entries(counts)) generated[name as keyof Generated] += count;
  }
  return generated;
}

interface Event {
  readonly at: number;
  happen(): Promise<Partial<Generated>>;
}

function legEnds(plan: Plan, store: RunStore): Event[] {
  return Array.from({ length: plan.slices.count }, (_, slice) =>
    legsOf(plan, slice).map((timeline, leg) => ({
      at: timeline.letsGo === undefined ? plan.timeline.drainEndAt : timeline.letsGo.until + 1_000,
      async happen() {
        await store.putSliceResult(resultOfLeg(plan, slice, leg));
        return { results: 1 };
      },
    })),
  ).flat();
}

function windowEnds(plan: Plan, store: RunStore, { windows: { seconds, count } }: LongRun): Event[] {
  const { publishAt, publishEndAt } = plan.timeline;
  const steps = Math.ceil((publishEndAt - publishAt) / 1_000 / seconds);
  return Array.from({ length: steps }, (_, step) => ({
    at: publishAt + (step + 1) * seconds * 1_000 + 1_000,
    async happen() {
      const from = publishAt + step * seconds * 1_000;
      const until = step === steps - 1 ? publishEndAt + 1_000 : from + seconds * 1_000;
      for (let k = 0; k < count; k++)
        await store.putArrivalWindow(windowOfPart(plan, { from, until, k, count }));
      return { windows: count };
    },
  }));
}

function looksAt(plan: Plan, store: RunStore, now: () => number): Event[] {
  const { createdAt: from, publishEndAt } = plan.timeline;
  const everyMs = secondsBetweenLooks(plan) * 1_000;
  return Array.from({ length: Math.floor((publishEndAt - from) / everyMs) }, (_, look) => ({
    at: from + (look + 1) * everyMs,
    async happen() {
      const { windows, slices } = await foldRun(plan, { store, now });
      return { looks: 1, foldedWindows: windows, foldedResults: slices };
    },
  }));
}

const latencyMs = 40;

const encodedHistograms = new Map<number, EncodedHistogram>();

/** So many latencies around 40 ms: encoded once for each count. */
function latencies(count: number): EncodedHistogram {
  let encoded = encodedHistograms.get(count);
  if (encoded === undefined) {
    const histogram = new LatencyHistogram();
    if (count > 40) for (let i = 0; i < 40; i++) histogram.record(latencyMs + i / 2);
    if (count > 0) histogram.recordTimes(latencyMs, count > 40 ? count - 40 : count);
    encoded = histogram.encode();
    encodedHistograms.set(count, encoded);
  }
  return encoded;
}

const none = latencies(0);

function bucketsOf(count: number): readonly number[] {
  const counts = new Uint32Array(latencyBuckets);
  const first = latencyBucketOf(latencyMs);
  for (let i = 0; i < count; i++) counts[first + (i % 40)]!++;
  return encodeBuckets(counts);
}

const encodedBuckets = new Map<number, readonly number[]>();

/** The same by bucket. */
function buckets(count: number): readonly number[] {
  const encoded = encodedBuckets.get(count) ?? bucketsOf(count);
  encodedBuckets.set(count, encoded);
  return encoded;
}

export function resultOfLeg(plan: Plan, slice: number, leg: number): SliceResult {
  const { publishAt } = plan.timeline;
  const timeline = legsOf(plan, slice)[leg]!;
  const [stream] = streamsOf(plan, slice) as readonly ScheduledStream[];
  const held = heldMessages(stream!, timeline, publishAt);
  const sent: number[] = [];
  let end = 0;
  let count = 0;
  const startSecond = Math.floor(timeline.from / 1_000);
  const bounds: number[] = [];
  for (
    let second = startSecond + 1;
    bounds.at(-1) !== stream!.messages && (bounds.at(-1) ?? 0) < held.end;
    second++
  )
    bounds.push(countDueBefore(stream!, second * 1_000 - publishAt));
  const perSecond: number[] = bounds.map(() => 0);
  let at = 0;
  held.forEachRange(held.first, held.end, (start, length) => {
    sent.push(start - end, length);
    end = start + length;
    count += length;
    for (let n = start; n < end; ) {
      while (bounds[at]! <= n) at++;
      const until = Math.min(end, bounds[at]!);
      perSecond[at]! += until - n;
      n = until;
    }
  });
  const devices = plan.profile.devices / plan.slices.count;
  return {
    version: 2,
    runId: plan.runId,
    slice,
    leg,
    outcome: 'completed',
    at: timeline.until,
    devices: { planned: devices, connected: devices, connectFailed: 0, reconnects: 0 },
    messages: {
      intended: count,
      sent: count,
      dropped: 0,
      acked: count,
      throttled: 0,
      failed: 0,
      unacknowledged: 0,
      echoed: 0,
    },
    droppedBy: {},
    connectFailedBy: {},
    failedBy: {},
    disconnectedBy: {},
    streams: [{ intended: count, sent }],
    lastSentAt: timeline.letsGo?.until ?? plan.timeline.publishEndAt,
    perSecond: {
      startSecond,
      intended: perSecond,
      sent: perSecond,
      acked: perSecond,
      connected: perSecond.map(() => devices),
    },
    latencies: {
      connect: latencies(leg === 0 ? devices : 0),
      puback_round_trip: latencies(count),
      echo_latency: none,
      send_lag: latencies(count),
      ...(leg > 0 && { handover: latencies(devices) }),
    },
    latencyPerSecond: {
      puback_round_trip: Object.fromEntries(
        perSecond.flatMap((each, i) => (each === 0 ? [] : [[startSecond + i, buckets(each)]])),
      ),
    },
    generator: {
      cpuSeconds: 100,
      peakCpuShare: 0.5,
      wallSeconds: (timeline.until - invokeLegAt(plan, timeline)) / 1_000,
      maxRssBytes: 200e6,
      idleRssBytes: 90e6,
      startLagMs: 0,
      eventLoopDelayP99Ms: 2,
      eventLoopDelayMaxMs: 8,
      clockBracketMs: 0.5,
    },
  };
}

interface WindowPart {
  readonly from: number;
  readonly until: number;
  /** The k-th of `count` windows has every slice's k-th part of the messages that were due in this time. */
  readonly k: number;
  readonly count: number;
}

export function windowOfPart(plan: Plan, { from, until, k, count }: WindowPart): ArrivalWindow {
  const { publishAt } = plan.timeline;
  const seen: Record<string, number[]> = {};
  let arrivals = 0;
  for (let slice = 0; slice < plan.slices.count; slice++) {
    const [stream] = streamsOf(plan, slice) as readonly ScheduledStream[];
    const first = countDueBefore(stream!, from - publishAt);
    const messages = countDueBefore(stream!, until - publishAt) - first;
    const start = first + Math.floor((messages * k) / count);
    const length = first + Math.floor((messages * (k + 1)) / count) - start;
    if (length === 0) continue;
    seen[slice] = [start, length];
    arrivals += length;
  }
  const seconds = Math.round((until - from) / 1_000);
  const startSecond = Math.floor(from / 1_000);
  const perSecond = Array.from(
    { length: seconds },
    (_, i) => Math.floor((arrivals * (i + 1)) / seconds) - Math.floor((arrivals * i) / seconds),
  );
  return {
    version: 2,
    runId: plan.runId,
    observer: 'rule',
    window: `${arrivals}-${startSecond.toString(16)}${String(k).padStart(8, '0')}`,
    arrivals,
    seen,
    leastTransitUs: Object.fromEntries(Object.keys(seen).map((slice) => [slice, 12_000])),
    latencies: ofEach(['end_to_end_latency', 'rule_latency', 'transit'], () => latencies(arrivals)),
    perSecond: { startSecond, arrivals: perSecond },
    latencyPerSecond: {
      end_to_end_latency: Object.fromEntries(
        perSecond.flatMap((each, i) => (each === 0 ? [] : [[startSecond + i, buckets(each)]])),
      ),
    },
    readUpTo: { shard: `shardId-${String(k).padStart(12, '0')}`, sequenceNumber: String(from) },
    unrelated: { notJson: 0, noEnvelope: 0 },
  };
}
