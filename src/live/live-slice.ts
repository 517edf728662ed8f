import type { EncodedHistogram } from '../measure/latency-histogram.ts';
import { type LatencyRecord, type SliceLatencyName, sliceLatencyNames } from '../measure/latency-names.ts';
import { publishCounters } from '../measure/message-counters.ts';
import {
  type DeviceCounts,
  type GeneratorHealth,
  noMessages,
  type PublishCounts,
  type SliceMessageCounts,
} from '../measure/slice-result.ts';
import { isOfDevices } from '../plan/groups.ts';
import { kindsOf } from '../plan/kinds.ts';
import type { GroupPlan } from '../plan/plan.ts';
import { ofEach } from '../shared/counts.ts';
import { maxSlices } from '../shared/run-bounds.ts';
import { fleetPoints } from './fleet-points.ts';
import type { FleetCounts } from './live-fleet.ts';
import { latencyPoint } from './live-latency.ts';
import { type LivePoint, liveTimestamp } from './live-points.ts';
import { makeGroupStageTags } from './live-stage.ts';

/** What a slice reports about one second. */
export interface SliceSnapshot {
  readonly slice: number;
  /** Epoch seconds: each is reported once, in order, and the last one early. */
  readonly second: number;
  readonly phase: 'waiting' | 'connecting' | 'publishing' | 'draining' | 'done';
  /** Devices with an open connection. */
  readonly connectedNow: number;
  /** Users that are active; absent where there are none. */
  readonly usersNow?: number | undefined;
  /** Cumulative since the slice began. */
  readonly devices: DeviceCounts;
  /**
   * Cumulative. Without what is undecided, until the slice is done: neither dropped nor unacknowledged is anything that
   * may still go well.
   */
  readonly messages: SliceMessageCounts;
  /** The same by stream, where kinds of message have names. */
  readonly kinds?: readonly PublishCounts[] | undefined;
  /** Cumulative: what its devices have of commands and of presence, or its backend of replies. */
  readonly fleet?: FleetCounts;
  /** Since the last snapshot. */
  readonly latencies: LatencyRecord<EncodedHistogram, SliceLatencyName>;
  /** Of requests, the same. */
  readonly responseTime?: EncodedHistogram | undefined;
  readonly generator: GeneratorSample;
}

/** How the generator was since the last snapshot. */
export interface GeneratorSample extends Pick<GeneratorHealth, 'startLagMs' | 'eventLoopDelayMaxMs'> {
  readonly cpuSeconds: number;
  /** Now. */
  readonly rssBytes: number;
}

const nothingYet = {
  devices: { planned: 0, connected: 0, connectFailed: 0, reconnects: 0 },
  messages: noMessages,
} as const;

/**
 * Turns a slice's snapshots into points. Counters become what was added since the snapshot before: points of any slices
 * and seconds then simply add up, and their sum equals the slice's ledger, to the message.
 * @param leg of the slice: two that run beside each other have points of their own
 */
export function makeSlicePoints(
  group: GroupPlan,
  leg = 0,
): (snapshot: SliceSnapshot) => readonly LivePoint[] {
  const stageTags = makeGroupStageTags(group);
  const names = new Map(kindsOf(group).map(({ kind, stream }) => [stream, kind]));
  const isBackend = !isOfDevices(group);
  let before: Pick<SliceSnapshot, 'devices' | 'messages' | 'kinds' | 'fleet'> = nothingYet;
  return (snapshot) => {
    const { slice, second, latencies, responseTime } = snapshot;
    const tags = stageTags(second);
    const timestampNs = liveTimestamp(second, slice + (leg % 2) * maxSlices);
    const point: LivePoint<'stampede_slice'> = {
      measurement: 'stampede_slice',
      tags,
      fields: {
        ...gaugesOf(snapshot),
        ...(leg > 0 && { leg }),
        ...changedOf(slice, countersBetween(before, snapshot, isBackend)),
      },
      timestampNs,
    };
    const fleet = fleetPoints({
      isBackend,
      before: before === nothingYet ? undefined : before,
      now: snapshot,
      tags,
      timestampNs,
    });
    const kinds = (snapshot.kinds ?? []).flatMap((counts, stream): LivePoint<'stampede_kind'>[] => {
      const kind = names.get(stream);
      const earlier = before.kinds?.[stream] ?? noMessages;
      const added = ofEach(publishCounters, (counter) => counts[counter] - earlier[counter]);
      const fields = changedOf(slice, added);
      if (kind === undefined || Object.keys(fields).length === 0) return [];
      return [{ measurement: 'stampede_kind', tags: { ...tags, kind }, fields, timestampNs }];
    });
    before = snapshot;
    const measured = sliceLatencyNames.flatMap((name) => {
      const histogram = latencies[name];
      return histogram !== undefined && histogram.count > 0
        ? [latencyPoint(name, histogram, tags, timestampNs)]
        : [];
    });
    const points = [point, ...kinds, ...fleet, ...measured];
    if (responseTime === undefined || responseTime.count === 0) return points;
    return [...points, latencyPoint('response_time', responseTime, tags, timestampNs)];
  };
}

/**
 * Only the first slice reports counters that did not change: all fields exist for queries, and 10,000 slices do not
 * write eight zeros a second each.
 */
function changedOf<Counters extends object>(slice: number, counters: Counters): Partial<Counters> {
  if (slice === 0) return counters;
  return Object.fromEntries(Object.entries(counters).filter(([, count]) => count !== 0)) as Partial<Counters>;
}

function gaugesOf({ slice, phase, connectedNow, usersNow, devices, generator }: SliceSnapshot) {
  return {
    slice,
    phase,
    devices: devices.planned,
    connected: connectedNow,
    ...(usersNow === undefined ? {} : { users: usersNow }),
    cpu_seconds: generator.cpuSeconds,
    rss_bytes: generator.rssBytes,
    start_lag_ms: generator.startLagMs,
    event_loop_delay_max_ms: generator.eventLoopDelayMaxMs,
  };
}

/** A backend's commands are points of their own. */
function countersBetween(
  before: Pick<SliceSnapshot, 'devices' | 'messages'>,
  { devices, messages }: SliceSnapshot,
  isBackend: boolean,
) {
  const changed = (counter: keyof SliceMessageCounts) =>
    isBackend ? 0 : messages[counter] - before.messages[counter];
  return {
    connects: devices.connected - before.devices.connected,
    connect_failed: devices.connectFailed - before.devices.connectFailed,
    reconnects: devices.reconnects - before.devices.reconnects,
    ...ofEach(publishCounters, changed),
    echoed: changed('echoed'),
  };
}
