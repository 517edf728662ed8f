import type { HoldLedger } from '../measure/hold-record.ts';
import { LatencyHistogram } from '../measure/latency-histogram.ts';
import type { LatencyName } from '../measure/latency-names.ts';
import { groupsOf } from '../plan/groups.ts';
import { ruleObserver } from '../plan/observers.ts';
import type { Plan } from '../plan/plan.ts';
import type { HoldFigures, HoldLatency } from '../plan/search/judged-hold.ts';
import { sumOf } from '../shared/counts.ts';
import { connectsReportOf } from './connects-report.ts';
import type { GeneratorSummary } from './generator-report.ts';
import { withOverdue } from './latency-range.ts';
import { measuredPartsOf } from './measured-parts.ts';
import { throughputOf } from './rates.ts';
import type { Rates } from './report-model.ts';
import type { Measured, MeasuredPart, Overdue } from './thresholds.ts';
import type { Throttling } from './usage-model.ts';

/** Rates over a hold's own seconds: what was sent in them, whenever it was due. */
export function holdRatesOf(hold: HoldLedger): Rates {
  const seconds = secondsOf(hold);
  const { perSecond } = hold;
  const sent = withinHold(hold, perSecond.sent);
  const users = perSecond.users && withinHold(hold, perSecond.users);
  return {
    meanPerSecond: sumOf(sent) / seconds,
    throughputPerSecond: throughputOf(hold, seconds),
    peakPerSecond: Math.max(0, ...sent),
    publishedSeconds: seconds,
    ...(users && { peakUsers: Math.max(0, ...users) }),
    stages: [],
  };
}

interface MeasuredHold {
  readonly plan: Plan;
  readonly hold: HoldLedger;
  readonly generator: GeneratorSummary;
  readonly throttling: Throttling;
  /** Epoch milliseconds: every message that had arrived by then is counted. */
  readonly knownUntil: number;
}

/** What the thresholds judge of a hold. */
export function measuredOfHold({ plan, hold, generator, throttling, knownUntil }: MeasuredHold): Measured {
  const { messages, devices, slices, observers } = hold;
  const rates = holdRatesOf(hold);
  const connects = connectsReportOf({ connects: connectsWithin(hold) });
  const overdueOf = (part: Pick<MeasuredPart, 'counts' | 'latencies'>) =>
    overdueMessages(plan, hold, part, knownUntil);
  const counts = { messages: { ...messages, throttled: throttling.publishes }, devices, slices, observers };
  const parts = Object.entries(measuredPartsOf(hold, rates));
  return {
    latencies: hold.latencies,
    overdue: overdueOf({ counts, latencies: hold.latencies }),
    statuses: hold.requests?.statuses,
    counts,
    rates,
    gauges: { rates, generator, ...(connects && { connects }) },
    cloudwatch: { sums: {}, requested: [] },
    parts: Object.fromEntries(parts.map(([key, part]) => [key, { ...part, overdue: overdueOf(part) }])),
  };
}

/**
 * Messages of the hold whose latencies have not ended: what did not arrive, sent or not, is at least as late as the youngest of them is
 * old; what was not acknowledged took at least the ack timeout.
 */
function overdueMessages(
  plan: Plan,
  hold: HoldLedger,
  { counts: { messages }, latencies }: Pick<MeasuredPart, 'counts' | 'latencies'>,
  knownUntil: number,
): Overdue {
  const ageMs = Math.max(0, knownUntil - hold.step.holdUntil);
  const sentAgeMs = Math.max(0, ageMs - (latencies.send_lag ?? hold.latencies.send_lag).summary().max);
  const [observer] = Object.keys(hold.observers);
  // Of what was given up by a queue of ours it is not known when it arrived there.
  const missing = (due: number) =>
    observer === undefined ? 0 : Math.max(0, due - messages.received - messages.deadLettered);
  const ackTimeoutMs = Math.min(...groupsOf(plan).map(({ profile }) => profile.publish.ackTimeoutMs));
  return {
    end_to_end_latency: repeated(ageMs, missing(messages.intended)),
    transit: repeated(sentAgeMs, missing(messages.sent)),
    ...(observer === ruleObserver && { rule_latency: repeated(ageMs, missing(messages.intended)) }),
    [acknowledgementOf(hold)]: repeated(ackTimeoutMs, messages.unacknowledged),
    ...(hold.reconnects && { connect: repeated(ackTimeoutMs, unansweredConnects(hold)) }),
  };
}

/** Attempts of a hold that were neither granted nor refused when it was recorded. */
function unansweredConnects(hold: HoldLedger): number {
  const attempts = sumOf(connectsWithin(hold)?.offered ?? []);
  return Math.max(0, attempts - hold.latencies.connect.count - hold.devices.connectFailed);
}

function acknowledgementOf({ requests, incomplete }: HoldLedger): LatencyName {
  if (requests !== undefined) return 'response_time';
  return incomplete === undefined ? 'puback_round_trip' : 'pubcomp_round_trip';
}

function repeated(latencyMs: number, times: number): LatencyHistogram {
  const histogram = new LatencyHistogram();
  if (times > 0) histogram.recordTimes(latencyMs, times);
  return histogram;
}

/** What a search shows of a hold; latencies that have not ended count with the least that they can come to. */
export function holdFiguresOf(hold: HoldLedger, { latencies, overdue, rates }: Measured): HoldFigures {
  const { messages, reconnects, devices } = hold;
  const { intended, sent, acked, throttled, failed, dropped, received, lost, deadLettered } = messages;
  return {
    intended,
    sent,
    acked,
    throttled,
    failed,
    dropped,
    received,
    lost,
    ...(deadLettered > 0 && { deadLettered }),
    notYetAccounted: messages.notRead + messages.unaccounted + messages.sendUnknown,
    perSecond: received / secondsOf(hold),
    sentPerSecond: rates.meanPerSecond,
    ...(reconnects && {
      connects: {
        ...reconnects,
        granted: sumOf(connectsWithin(hold)?.granted ?? []),
        failed: devices.connectFailed,
      },
    }),
    latencyMs: Object.fromEntries(
      Object.entries(latencies).flatMap(([name, histogram]) => {
        const all = withOverdue(histogram, overdue?.[name as LatencyName]);
        return all.count === 0 ? [] : [[name, figuresOf(all)]];
      }),
    ),
  };
}

function figuresOf(histogram: LatencyHistogram): HoldLatency {
  const { count, p50, p95, p99, max } = histogram.summary();
  return { count, p50, p95, p99, max };
}

function secondsOf({ step: { holdFrom, holdUntil } }: HoldLedger): number {
  return (holdUntil - holdFrom) / 1_000;
}

/** @param counts by second, as of the run */
function withinHold({ step, perSecond }: HoldLedger, counts: readonly number[]): readonly number[] {
  return between(counts, perSecond.startSecond, step);
}

function between(
  counts: readonly number[],
  startSecond: number,
  { holdFrom, holdUntil }: HoldLedger['step'],
): readonly number[] {
  const at = (ms: number) => Math.max(0, ms / 1_000 - startSecond);
  return counts.slice(at(holdFrom), at(holdUntil));
}

function connectsWithin({ connects, step }: HoldLedger): HoldLedger['connects'] {
  if (connects === undefined) return undefined;
  const { startSecond } = connects;
  return {
    startSecond: step.holdFrom / 1_000,
    offered: between(connects.offered, startSecond, step),
    granted: between(connects.granted, startSecond, step),
  };
}
