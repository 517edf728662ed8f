import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import { MessageSets } from '../../../src/measure/message-sets.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { type Backlog, emptyBacklog } from '../../../src/measure/unread-backlog.ts';
import type { ControlMessage } from '../../../src/plan/control-message.ts';
import { groupOfSlice, groupsOf, isAcknowledged as isGroupAcknowledged } from '../../../src/plan/groups.ts';
import { echoObserver } from '../../../src/plan/observers.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { makeSliceSchedule } from '../../../src/plan/schedule.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { firstSubscriberSlice } from '../../../src/plan/subscribers.ts';
import { buildReport, type ReportInput } from '../../../src/report/build-report.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { sumOf } from '../../../src/shared/counts.ts';
import { histogramOf, planOf, resultOf } from '../measure/run-fixture.ts';
import {
  addWindow,
  type SubscribedSituation,
  subscribed,
  subscriberRecordOf,
} from '../measure/subscribed-run.ts';
import { type ArrivedBatch, windowsOf } from './arrived-batch.ts';
import { type Fate, fine, unsent } from './fate.ts';
import type { Truth } from './truth.ts';

export interface Situation {
  readonly fateOf?: (slice: number, n: number) => Partial<Fate>;
  /** By slice: the message before which it was killed, and how many of its messages its last record contains; null: no record. */
  readonly killed?: Readonly<
    Record<number, { readonly at: number; readonly recorded: number | null; readonly isSilent?: boolean }>
  >;
  /** Milliseconds of publishing after which the user stopped the run. */
  readonly stoppedAfterMs?: number;
  readonly execution?: ReportInput['execution'];
  readonly profile?: Readonly<Record<string, unknown>>;
  /** CloudWatch's data has not come. */
  readonly isCloudWatchSilent?: boolean;
  /** CloudWatch's sums beside those that follow from the fates. */
  readonly sums?: (truth: Truth, echoes: number) => Readonly<Record<string, number>>;
  /** Where it ran, and what its account may do. */
  readonly plan?: Partial<Plan>;
  readonly faults?: ReportInput['faults'];
  /** What a slice stored beside what became of its messages. */
  readonly record?: (result: SliceResult) => SliceResult;
  /** What the request to stop it says beside the instant. */
  readonly stoppedOn?: Partial<ControlMessage>;
  /** What the queues say of the messages that they hold. */
  readonly backlog?: (held: MessageSets) => Partial<Backlog>;
  /** Messages that the queue delivered again, and messages of others. */
  readonly redelivered?: number;
  readonly unrelated?: number;
  readonly liveView?: Report['liveView'];
  /** What its subscriber stored, of a run that has one. */
  readonly subscriber?: SubscribedSituation;
  /** What is true beside what follows from the fates. */
  readonly truth?: Partial<Truth>;
}

export type NamedSituation = readonly [name: string, situation: Situation];

/** A run of which every message's fate is known beside what its slices have stored of it. */
export function playTrueRun(situation: Situation): {
  readonly plan: Plan;
  readonly report: Report;
  readonly truth: Truth;
} {
  const planned = planOf({
    name: 'true',
    devices: 400,
    slices: { devicesPerSlice: 100 },
    stages: [
      { duration: '2s', target: 300 },
      { duration: '6s', target: 300 },
    ],
    thresholds: { lost_messages: ['count==0'], dropped_messages: ['count==0'] },
    ...situation.profile,
  });
  const { subscriber } = situation;
  const own = { ...planned, ...situation.plan };
  const plan = subscriber === undefined ? own : subscribed(own, subscriber.target);
  const { publishAt } = plan.timeline;
  const { record = (result) => result, stoppedOn } = situation;
  const stopAt = situation.stoppedAfterMs === undefined ? undefined : publishAt + situation.stoppedAfterMs;
  const ledger = makeLedger(plan);
  const held = new MessageSets();
  let echoes = 0;
  let toRedeliver = situation.redelivered ?? 0;
  const isEchoing = groupsOf(plan).some(({ profile }) => profile.echo.fraction > 0);
  const counts = {
    intended: 0,
    sent: 0,
    taken: 0,
    acked: 0,
    throttled: 0,
    received: 0,
    duplicates: 0,
    arrivedUnacked: 0,
    takenUnacked: 0,
    devicesConnected: 0,
    slicesKilled: 0,
  };
  for (let slice = 0; slice < plan.slices.count; slice++) {
    const { devices, messages } = sliceOf(plan, slice);
    const group = groupOfSlice(plan, slice);
    const isAcknowledged = isGroupAcknowledged(group);
    const schedule = makeSliceSchedule(sliceOf(plan, slice));
    const dueAt = (n: number) => publishAt + schedule.offsetMs(n);
    const kill = situation.killed?.[slice];
    // Users of a slice that was killed start nothing more.
    const startsUntil = group.profile.users === undefined ? messages : (kill?.at ?? messages);
    const due = Array.from({ length: startsUntil }, (_, n) => n).filter(
      (n) => stopAt === undefined || dueAt(n) <= stopAt,
    );
    const fates = due.map((n): Fate => {
      if (kill !== undefined && n >= kill.at) return { ...fine, sent: false, ...unsent };
      const fate = { ...fine, ...situation.fateOf?.(slice, n) };
      if (!fate.sent || !fate.taken || fate.throttled) return { ...fate, ...unsent };
      if (fate.held) held.add({ slice, stream: 0 }, n);
      return isAcknowledged ? fate : { ...fate, acked: false };
    });
    counts.slicesKilled += kill === undefined ? 0 : 1;
    counts.devicesConnected += devices;
    counts.intended += due.length;
    for (const fate of fates) {
      counts.sent += Number(fate.sent);
      counts.taken += Number(fate.taken);
      counts.acked += Number(fate.acked);
      counts.throttled += Number(fate.throttled);
      counts.received += Number(fate.copies > 0 || fate.held);
      echoes += Number(isEchoing && fate.echoed);
      counts.duplicates += Math.max(0, fate.copies - 1);
      counts.arrivedUnacked += Number(fate.copies > 0 && !fate.acked);
      counts.takenUnacked += Number(fate.taken && !fate.acked);
    }
    const recorded = kill === undefined ? due.length : kill.recorded;
    if (recorded !== null)
      ledger.addSlice(
        record(recordOf(plan, slice, fates.slice(0, recorded), { kill, stopAt, isAcknowledged, stoppedOn })),
      );
    if (kill !== undefined && kill.isSilent !== true)
      ledger.addDeath({ slice, leg: 0, at: dueAt(kill.at), failure: { Error: 'Runtime.ExitError' } });
    const batch: ArrivedBatch = {
      copies: fates.map(({ copies }) => copies),
      aheadMs: situation.truth?.clocksAheadMs?.[slice] ?? 0,
      redelivered: toRedeliver,
      unrelated: slice === 0 ? (situation.unrelated ?? 0) : 0,
    };
    for (const window of windowsOf(plan, slice, batch)) addWindow(ledger, window, subscriber);
    toRedeliver = Math.max(0, toRedeliver - sumOf(batch.copies));
  }
  if (subscriber?.record !== null && subscriber !== undefined)
    ledger.addSubscriber(subscriberRecordOf(plan, subscriber.record?.(counts, plan)));
  if (subscriber?.diedOf !== undefined) {
    const failure = { Error: subscriber.diedOf };
    ledger.addDeath({ slice: firstSubscriberSlice, leg: 0, at: publishAt, failure });
  }
  const truth: Truth = { ...counts, ...(isEchoing && { echoed: echoes }), ...situation.truth };
  const sums = {
    'PublishIn.Success':
      truth.taken +
      (stopAt !== undefined && groupsOf(plan).some(({ profile }) => profile.connect.protocol === 'https')
        ? 1
        : 0),
    'PublishIn.Throttle': truth.throttled,
    'Connect.Success': truth.devicesConnected + plan.slices.count + Number(subscriber !== undefined),
    ...(isEchoing ? { 'PublishOut.Success': echoes } : {}),
    ...situation.sums?.(truth, echoes),
  };
  const report = buildReport({
    plan,
    ledger: ledger.close({ ...emptyBacklog, ...situation.backlog?.(held) }),
    cloudwatch:
      subscriber?.target === undefined
        ? { sums: situation.isCloudWatchSilent === true ? {} : sums, requested: Object.keys(sums) }
        : { sums: {}, requested: [] },
    now: (stopAt ?? plan.timeline.drainEndAt) + 3_000,
    faults: situation.faults,
    ...(situation.execution === undefined ? {} : { execution: situation.execution }),
  });
  const { liveView } = situation;
  return { plan, report: liveView === undefined ? report : { ...report, liveView }, truth };
}

/** What a slice stored: its end, or its last record before it was killed. */
function recordOf(
  plan: Plan,
  slice: number,
  fates: readonly Fate[],
  run: {
    readonly kill: object | undefined;
    readonly stopAt: number | undefined;
    readonly isAcknowledged: boolean;
    readonly stoppedOn: Situation['stoppedOn'];
  },
): SliceResult {
  const { publishAt, drainEndAt } = plan.timeline;
  const { kill, stopAt, isAcknowledged } = run;
  const schedule = makeSliceSchedule(sliceOf(plan, slice));
  const numbers = fates.flatMap(({ sent }, n) => (sent ? [n] : []));
  const count = (is: (fate: Fate) => boolean) => fates.filter(is).length;
  const base = resultOf(plan, slice, numbers);
  const acked = count((fate) => fate.acked);
  const throttled =
    isAcknowledged && groupOfSlice(plan, slice).profile.connect.protocol === 'https'
      ? count((fate) => fate.throttled)
      : 0;
  const notConnected = count((fate) => fate.dropped === 'not-connected');
  const isEchoing = groupOfSlice(plan, slice).profile.echo.fraction > 0;
  const echoed = new IntervalSet();
  if (isEchoing) for (const [n, fate] of fates.entries()) if (fate.echoed) echoed.add(n);
  const byStop = count((fate) => fate.dropped === 'stopped');
  const dropped = fates.length - numbers.length;
  const last = Math.max(0, fates.length - 1);
  const stoppedOn: ControlMessage = {
    command: 'stop',
    reason: 'stopped by the user',
    at: stopAt ?? 0,
    ...run.stoppedOn,
  };
  const isStopped = stopAt !== undefined && kill === undefined;
  return {
    ...base,
    outcome: kill !== undefined ? 'running' : isStopped ? 'stopped' : 'completed',
    ...(isStopped ? { reason: stoppedOn.reason, stoppedOn } : {}),
    at: kill === undefined ? drainEndAt : publishAt + schedule.offsetMs(last),
    messages: {
      ...base.messages,
      intended: fates.length,
      dropped,
      acked,
      throttled,
      unacknowledged: isAcknowledged ? numbers.length - acked - throttled : 0,
      echoed: echoed.count,
    },
    streams: [{ intended: fates.length, sent: base.streams[0]!.sent }],
    ...(isEchoing
      ? {
          quickestEcho: { n: 0, us: 12_000 },
          observed: { [echoObserver]: { arrivals: echoed.count, seen: [echoed.encode()] } },
        }
      : {}),
    droppedBy: Object.fromEntries(
      Object.entries({
        'not-connected': notConnected,
        stopped: byStop,
        backlog: dropped - notConnected - byStop,
      }).filter(([, each]) => each > 0),
    ),
    ...(numbers.length > 0 ? { lastSentAt: publishAt + schedule.offsetMs(numbers.at(-1)!) + 0.2 } : {}),
    perSecond: secondsOf(plan, fates, schedule.offsetMs, base.devices.connected),
    latencies: { ...base.latencies, puback_round_trip: histogramOf(Array.from({ length: acked }, () => 8)) },
  };
}

/** Messages by the second in which they were due; acknowledged in the same. */
function secondsOf(
  { timeline }: Plan,
  fates: readonly Fate[],
  offsetMs: (n: number) => number,
  devices: number,
): SliceResult['perSecond'] {
  const startSecond = Math.floor(timeline.publishAt / 1_000);
  const secondOf = (n: number) => Math.floor((timeline.publishAt + offsetMs(n)) / 1_000) - startSecond;
  const seconds = fates.length === 0 ? 0 : secondOf(fates.length - 1) + 1;
  const counted = (is: (fate: Fate) => boolean): number[] => {
    const counts = Array.from({ length: seconds }, () => 0);
    for (const [n, fate] of fates.entries()) if (is(fate)) counts[secondOf(n)]! += 1;
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
