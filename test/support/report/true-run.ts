import { measureArrivals } from '../../../src/measure/arrivals.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import type { ControlMessage } from '../../../src/plan/control-message.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { makeSliceSchedule } from '../../../src/plan/schedule.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { buildReport, type ReportInput } from '../../../src/report/build-report.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { histogramOf, planOf, resultOf } from '../measure/run-fixture.ts';

/** What became of one message, independent of who recorded it. */
export interface Fate {
  readonly sent: boolean;
  /** The service took it. */
  readonly taken: boolean;
  readonly acked: boolean;
  readonly throttled: boolean;
  readonly copies: number;
  /** Why it was not sent. */
  readonly dropped?: 'not-connected' | 'backlog';
}

export interface Situation {
  readonly fateOf?: (slice: number, n: number) => Partial<Fate>;
  /** By slice: the message before which it was killed, and how many of its messages its last record knows; null: no record. */
  readonly killed?: Readonly<Record<number, { readonly at: number; readonly recorded: number | null }>>;
  /** Milliseconds of publishing after which the user stopped the run. */
  readonly stoppedAfterMs?: number;
  readonly execution?: ReportInput['execution'];
  readonly profile?: Readonly<Record<string, unknown>>;
  /** CloudWatch's data has not come. */
  readonly isCloudWatchSilent?: boolean;
}

/** The truth of a run: counts of fates, which no record bends. */
export interface Truth {
  readonly intended: number;
  readonly sent: number;
  readonly taken: number;
  readonly acked: number;
  readonly throttled: number;
  readonly received: number;
  readonly duplicates: number;
  /** Arrived, and never acknowledged in time. */
  readonly arrivedUnacked: number;
  readonly takenUnacked: number;
  readonly devicesConnected: number;
  /** Attempts to connect that a device gave up, though the service may have let it in; absent: none. */
  readonly connectsGivenUp?: number;
  readonly slicesKilled: number;
  /** The generator's lateness is what this machine makes it, and nothing else records it. */
  readonly isMachineReal?: boolean;
  /** Acknowledged so early that the device must have seen it; absent: all of `acked`. */
  readonly ackedInTime?: number;
  /** Of messages that came in, in any second; absent: not recorded. */
  readonly busiestSecond?: number;
  /** By how many milliseconds the service's clock is ahead of each slice's; absent: by none. */
  readonly clocksAheadMs?: readonly number[];
  /** measure-latency was killed or stopped, or failed. */
  readonly hasSubscriberFailed?: boolean;
  /** Other runs used the account in the same minutes, which CloudWatch counts as well. */
  readonly isAccountShared?: boolean;
  /** IoT Core ended, and with it what waited in the queue. */
  readonly isQueueGone?: boolean;
  /** What InfluxDB did, if it did not take all points. */
  readonly influx?: { readonly httpStatus: number | null; readonly isWholeRun: boolean };
  /** Messages on the rule's topics that were not this tester's. */
  readonly unrelated?: number;
  /** Settings of the faults that were injected. */
  readonly faults?: readonly string[];
  /** Who or what kept devices from connecting, or cut them off. */
  readonly connectsHinderedBy?: readonly ('machine' | 'quota' | 'endpoint')[];
}

const fine: Fate = { sent: true, taken: true, acked: true, throttled: false, copies: 1 };

/** A run of which every message's fate is known beside what its slices have stored of it. */
export function playTrueRun(situation: Situation): {
  readonly plan: Plan;
  readonly report: Report;
  readonly truth: Truth;
} {
  const plan = planOf({
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
  const { publishAt } = plan.timeline;
  const isAcknowledged = plan.profile.connect.protocol === 'https' || plan.profile.publish.qos === 1;
  const stopAt = situation.stoppedAfterMs === undefined ? undefined : publishAt + situation.stoppedAfterMs;
  const ledger = makeLedger(plan);
  const truth = {
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
    const schedule = makeSliceSchedule(plan, sliceOf(plan, slice));
    const dueAt = (n: number) => publishAt + schedule.offsetMs(n);
    const due = Array.from({ length: messages }, (_, n) => n).filter(
      (n) => stopAt === undefined || dueAt(n) <= stopAt,
    );
    const kill = situation.killed?.[slice];
    const fates = due.map((n): Fate => {
      if (kill !== undefined && n >= kill.at)
        return { ...fine, sent: false, taken: false, acked: false, copies: 0 };
      const fate = { ...fine, ...situation.fateOf?.(slice, n) };
      if (!fate.sent) return { ...fate, taken: false, acked: false, copies: 0 };
      if (!fate.taken || fate.throttled) return { ...fate, taken: false, acked: false, copies: 0 };
      return isAcknowledged ? fate : { ...fate, acked: false };
    });
    truth.slicesKilled += kill === undefined ? 0 : 1;
    truth.devicesConnected += devices;
    truth.intended += due.length;
    for (const fate of fates) {
      truth.sent += Number(fate.sent);
      truth.taken += Number(fate.taken);
      truth.acked += Number(fate.acked);
      truth.throttled += Number(fate.throttled);
      truth.received += Number(fate.copies > 0);
      truth.duplicates += Math.max(0, fate.copies - 1);
      truth.arrivedUnacked += Number(fate.copies > 0 && !fate.acked);
      truth.takenUnacked += Number(fate.taken && !fate.acked);
    }
    const recorded = kill === undefined ? due.length : kill.recorded;
    if (recorded !== null)
      ledger.addSlice(recordOf(plan, slice, fates.slice(0, recorded), { kill, stopAt, isAcknowledged }));
    if (kill !== undefined)
      ledger.addDeath({ slice, leg: 0, at: dueAt(kill.at), fault: { Error: 'Runtime.ExitError' } });
    const Records = fates.flatMap((fate, n) =>
      Array.from({ length: fate.copies }, (_, copy) => {
        const at = dueAt(n);
        const arrivedAt = Math.floor(at + 9);
        return {
          messageId: `${slice}-${n}-${copy}`,
          body: JSON.stringify({
            run: plan.runId,
            slice,
            n,
            device: n % devices,
            at,
            sent: at + 0.2,
            rule: arrivedAt - 2,
          }),
          attributes: { SentTimestamp: String(arrivedAt) },
        };
      }),
    );
    if (Records.length > 0)
      for (const window of measureArrivals({ Records }, publishAt).windows) ledger.addWindow(window);
  }
  const sums = {
    'PublishIn.Success':
      truth.taken + (stopAt !== undefined && plan.profile.connect.protocol === 'https' ? 1 : 0),
    'PublishIn.Throttle': truth.throttled,
    'Connect.Success': truth.devicesConnected + plan.slices.count,
  };
  const report = buildReport({
    plan,
    ledger: ledger.close(),
    cloudwatch: { sums: situation.isCloudWatchSilent === true ? {} : sums, asked: Object.keys(sums) },
    now: (stopAt ?? plan.timeline.drainEndAt) + 3_000,
    ...(situation.execution === undefined ? {} : { execution: situation.execution }),
  });
  return { plan, report, truth };
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
  },
): SliceResult {
  const { publishAt, drainEndAt } = plan.timeline;
  const { kill, stopAt, isAcknowledged } = run;
  const schedule = makeSliceSchedule(plan, sliceOf(plan, slice));
  const numbers = fates.flatMap(({ sent }, n) => (sent ? [n] : []));
  const count = (is: (fate: Fate) => boolean) => fates.filter(is).length;
  const base = resultOf(plan, slice, numbers);
  const acked = count((fate) => fate.acked);
  const throttled =
    isAcknowledged && plan.profile.connect.protocol === 'https' ? count((fate) => fate.throttled) : 0;
  const notConnected = count((fate) => fate.dropped === 'not-connected');
  const dropped = fates.length - numbers.length;
  const last = Math.max(0, fates.length - 1);
  const stoppedOn: ControlMessage = { command: 'stop', reason: 'stopped by the user', at: stopAt ?? 0 };
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
    },
    streams: [{ intended: fates.length, sent: base.streams[0]!.sent }],
    droppedBy: Object.fromEntries(
      Object.entries({ 'not-connected': notConnected, backlog: dropped - notConnected }).filter(
        ([, each]) => each > 0,
      ),
    ),
    ...(numbers.length > 0 ? { lastSentAt: publishAt + schedule.offsetMs(numbers.at(-1)!) + 0.2 } : {}),
    latencies: { ...base.latencies, puback_round_trip: histogramOf(Array.from({ length: acked }, () => 8)) },
  };
}

/** Whether a sentence is true; the groups of its pattern come with it. */
export type Check = (groups: readonly string[], truth: Truth, report: Report) => boolean;
