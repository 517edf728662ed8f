import { nothingUndecided } from '../../../src/device/stream-counters.ts';
import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { encodeBuckets } from '../../../src/measure/latency-buckets.ts';
import type { PublishCounts, SliceResult, StreamCounts } from '../../../src/measure/slice-result.ts';
import type { ControlMessage } from '../../../src/plan/control-message.ts';
import { groupOfSlice } from '../../../src/plan/groups.ts';
import { echoObserver } from '../../../src/plan/observers.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { sumBy, sumFields } from '../../../src/shared/counts.ts';
import { histogramOf, resultOf } from '../measure/run-fixture.ts';
import type { Fate } from './fate.ts';

/** What became of one stream of a slice. */
export interface StreamFates {
  readonly stream: number;
  readonly offsetMs: (n: number) => number;
  readonly fates: readonly Fate[];
  readonly isAcknowledged: boolean;
}

/** What a slice stored: its end, or its last record before it was killed. */
export function recordOf(
  plan: Plan,
  slice: number,
  streams: readonly StreamFates[],
  run: {
    readonly kill: object | undefined;
    readonly stopAt: number | undefined;
    readonly stoppedOn: Partial<ControlMessage> | undefined;
  },
): SliceResult {
  const { publishAt, drainEndAt } = plan.timeline;
  const { kill, stopAt } = run;
  const { profile } = groupOfSlice(plan, slice);
  const isEchoing = profile.echo.fraction > 0;
  const recorded = streams.map((stream) => recordStream(stream, profile.connect.protocol === 'https'));
  const counts = recorded.map((stream) => stream.messages).reduce(sumFields);
  const fates = streams.flatMap((stream) => stream.fates);
  const base = resultOf(
    plan,
    slice,
    Array.from({ length: counts.sent }, (_, n) => n),
  );
  const due = streams.flatMap((stream) => stream.fates.map((_, n) => stream.offsetMs(n)));
  const sentAt = streams.flatMap((stream) =>
    stream.fates.flatMap(({ sent }, n) => (sent ? [stream.offsetMs(n)] : [])),
  );
  const stoppedOn: ControlMessage = {
    command: 'stop',
    reason: 'stopped by the user',
    at: stopAt ?? 0,
    ...run.stoppedOn,
  };
  const isStopped = stopAt !== undefined && kill === undefined;
  // Kinds that have names are numbered from 1.
  const ofNone = profile.messages === undefined ? [] : [recordStream({ ...streams[0]!, fates: [] }, false)];
  const all = [...ofNone, ...recorded];
  return {
    ...base,
    outcome: kill !== undefined ? 'running' : isStopped ? 'stopped' : 'completed',
    ...(isStopped ? { reason: stoppedOn.reason, stoppedOn } : {}),
    at: kill === undefined ? drainEndAt : publishAt + Math.max(0, ...due),
    messages: { ...counts, echoed: isEchoing ? sumBy(recorded, ({ echoed }) => echoed.count) : 0 },
    streams: all.map(({ messages, sent, droppedBy }, stream) => ({
      intended: messages.intended,
      sent,
      ...(profile.messages && {
        counts: {
          messages,
          droppedBy,
          undecided: nothingUndecided,
          latencies: kindLatenciesOf(stream, messages),
          perSecond: kindSecondsOf(plan, streams[stream - ofNone.length]),
        },
      }),
    })),
    ...(isEchoing
      ? {
          quickestEcho: { n: 0, us: 12_000 },
          observed: {
            [echoObserver]: {
              arrivals: sumBy(recorded, ({ echoed }) => echoed.count),
              seen: all.map(({ echoed }) => echoed.encode()),
            },
          },
        }
      : {}),
    droppedBy: reasonsOf(fates),
    ...(sentAt.length > 0 ? { lastSentAt: publishAt + Math.max(...sentAt) + 0.2 } : {}),
    perSecond: secondsOf(plan, streams, base.devices.connected),
    latencies: {
      ...base.latencies,
      puback_round_trip: histogramOf(Array.from({ length: counts.acked }, () => 8)),
    },
  };
}

/** Of a kind that has messages; each stream has its own. */
function kindLatenciesOf(
  stream: number,
  { sent, acked }: PublishCounts,
): NonNullable<StreamCounts['latencies']> {
  const latenciesOf = (count: number, ms: number) => histogramOf(Array.from({ length: count }, () => ms));
  return {
    ...(acked > 0 && { puback_round_trip: latenciesOf(acked, 5 + stream) }),
    ...(sent > 0 && { send_lag: latenciesOf(sent, 0.1 * stream) }),
  };
}

/** By second since publishing began, as `perSecond` of the slice. */
function kindSecondsOf(plan: Plan, stream: StreamFates | undefined): NonNullable<StreamCounts['perSecond']> {
  const { intended, sent } = secondsOf(plan, stream === undefined ? [] : [stream], 0);
  return { intended: encodeBuckets(intended), sent: encodeBuckets(sent) };
}

/** @param isRefused whether a throttled message gets an answer */
function recordStream({ fates, isAcknowledged }: StreamFates, isRefused: boolean) {
  const count = (is: (fate: Fate) => boolean) => fates.filter(is).length;
  const numbers = new IntervalSet();
  const echoed = new IntervalSet();
  for (const [n, fate] of fates.entries()) {
    if (fate.sent) numbers.add(n);
    if (fate.echoed) echoed.add(n);
  }
  const sent = numbers.count;
  const acked = count((fate) => fate.acked);
  const throttled = isAcknowledged && isRefused ? count((fate) => fate.throttled) : 0;
  return {
    sent: numbers.encode(),
    echoed,
    droppedBy: reasonsOf(fates),
    messages: {
      intended: fates.length,
      sent,
      dropped: fates.length - sent,
      acked,
      throttled,
      failed: 0,
      unacknowledged: isAcknowledged ? sent - acked - throttled : 0,
    },
  };
}

function reasonsOf(fates: readonly Fate[]): SliceResult['droppedBy'] {
  const count = (reason: Fate['dropped']) => fates.filter((fate) => fate.dropped === reason).length;
  const dropped = fates.filter(({ sent }) => !sent).length;
  const [notConnected, stopped] = [count('not-connected'), count('stopped')];
  return Object.fromEntries(
    Object.entries({
      'not-connected': notConnected,
      stopped,
      backlog: dropped - notConnected - stopped,
    }).filter(([, each]) => each > 0),
  );
}

/** Messages by the second in which they were due; acknowledged in the same. */
function secondsOf(
  { timeline }: Plan,
  streams: readonly StreamFates[],
  devices: number,
): SliceResult['perSecond'] {
  const startSecond = Math.floor(timeline.publishAt / 1_000);
  const all = streams.flatMap(({ fates, offsetMs }) =>
    fates.map((fate, n) => ({
      fate,
      second: Math.floor((timeline.publishAt + offsetMs(n)) / 1_000) - startSecond,
    })),
  );
  const seconds = Math.max(0, ...all.map(({ second }) => second + 1));
  const counted = (is: (fate: Fate) => boolean): number[] => {
    const counts = Array.from({ length: seconds }, () => 0);
    for (const { fate, second } of all) if (is(fate)) counts[second]! += 1;
    return counts;
  };
  return {
    startSecond,
    intended: counted(() => true),
    sent: counted(({ sent }) => sent),
    acked: counted(({ acked }) => acked),
    connected: Array.from({ length: seconds }, () => devices),
  };
}
