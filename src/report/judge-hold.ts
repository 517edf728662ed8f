import type { HoldLedger } from '../measure/hold-record.ts';
import type { Ledger } from '../measure/ledger.ts';
import type { Backlog } from '../measure/unread-backlog.ts';
import type { Plan } from '../plan/plan.ts';
import { deadAfterMs } from '../plan/poll-intervals.ts';
import type { BrokenObjective, JudgedHold, SearchStep, VoidReason } from '../plan/search/judged-hold.ts';
import { isDraining } from '../plan/search/objective/control-level.ts';
import { overloadThreshold } from '../plan/search/objective/objective-expression.ts';
import { arrivalGraceMs } from '../plan/search/search-times.ts';
import type { ObjectiveSearch, SearchSettings } from '../profile/search.ts';
import { whyNotByHold } from '../profile/search-metrics.ts';
import { formatCount, formatPlural } from '../shared/format.ts';
import type { QuotaName } from '../targets/aws-iot/quotas.ts';
import type { CloudWatchView } from './explanation.ts';
import type { GeneratorSummary } from './generator-report.ts';
import { summarizeGenerator, tolerated } from './generator-summary.ts';
import { holdFiguresOf, measuredOfHold } from './hold-figures.ts';
import { leastOffered, type OfferedLoad, offeredLoadOf, whyNoLevel, whyNotOffered } from './offered-load.ts';
import type { ThresholdResult } from './report-model.ts';
import { evaluateThresholds } from './thresholds.ts';
import { throttlingOf } from './throttling.ts';
import type { QuotaRefusals, Throttling } from './usage-model.ts';

export interface HoldInput {
  /** With the run's actions. */
  readonly plan: Plan;
  /** Made with the step; what slices and readers have stored is in it. */
  readonly ledger: Pick<Ledger, 'closeHold'>;
  readonly step: SearchStep;
  /** CloudWatch's counts of the minutes that the hold is in; what it does not show yet refused nothing. */
  readonly cloudwatch: CloudWatchView;
  /** What the queues hold; absent: nothing. */
  readonly backlog?: Backlog;
  /** Whether the run goes on. */
  readonly goesOn: boolean;
  /** Epoch milliseconds: what is in the ledger was read after that. */
  readonly now: number;
}

/** Refusals in a hold are no burst's doing if no second of it had more messages than this many times the mean. */
const mostOfBurst = 1.1;

/**
 * Whether what a hold is judged by is there: each slice has recorded what became of its messages, or is dead, and what was accepted has
 * arrived, or has had as long again as an acknowledgement may take.
 */
export function isHoldComplete({ plan, ledger, step, goesOn, now }: Omit<HoldInput, 'cloudwatch'>): boolean {
  if (now < step.holdUntil) return false;
  const hold = ledger.closeHold(step, goesOn);
  const { pending } = hold;
  const aliveSince = now - deadAfterMs(plan);
  if (goesOn && pending.some(({ at = step.holdFrom, isDead }) => !isDead && at >= aliveSince)) return false;
  return hasAllArrived(hold) || now >= step.holdUntil + arrivalGraceMs(plan);
}

/** Whether nothing of the hold can still arrive, where anything observes arrivals. */
function hasAllArrived({ messages, acknowledged, observers }: HoldLedger): boolean {
  if (Object.keys(observers).length === 0) return true;
  // What was not acknowledged may arrive all the same, in the place of something else.
  const isEachAnswered = acknowledged && messages.unacknowledged + messages.ackUnknown === 0;
  return messages.received + messages.deadLettered >= (isEachAnswered ? messages.acked : messages.sent);
}

/**
 * Whether it is known of a hold that is not complete that it overloaded the service: messages that have not arrived are too late already.
 * A search that holds an objective need not wait for them, unless they are the backlog of an overload before.
 */
export function isOverloadedSoFar({
  plan,
  ledger,
  step,
  goesOn,
  now,
  backlog,
}: Omit<HoldInput, 'cloudwatch'>): boolean {
  const { search } = plan.profile;
  if (search?.kind !== 'objective' || now < step.holdUntil || isDraining(step.move)) return false;
  const hold = ledger.closeHold(step, goesOn, backlog);
  if (hold.pending.length > 0) return false;
  const { measured } = measureHold(plan, hold, { sums: {}, requested: [] }, now);
  return evaluateThresholds(objectiveOf(search), measured).some(
    (result) => !result.passed && isKnown(result) && result.isUndecided !== true,
  );
}

/**
 * Judges a hold by the profile's thresholds: as if the run had been the messages that were due in it. The same while the run goes on and
 * from its complete record. Latencies are right to 1.6 %.
 */
export function judgeHold({ plan, ledger, step, cloudwatch, backlog, goesOn, now }: HoldInput): JudgedHold {
  const hold = ledger.closeHold(step, goesOn, backlog);
  const { generator, throttling, measured } = measureHold(plan, hold, cloudwatch, now);
  const { search } = plan.profile;
  const kept = search?.kind === 'objective' ? evaluateThresholds(objectiveOf(search), measured) : [];
  const results = [...kept, ...evaluateThresholds(thresholdsOf(plan), measured)];
  const quota = refusingQuotaOf(hold, throttling);
  const failed = results.filter(({ passed, isUndecided }) => !passed && isUndecided !== true);
  const broke = failed.filter(isKnown).map((result) => brokenOf(result, quota));
  const voidBecause = voidReasonsOf({
    search,
    hold,
    generator,
    throttling,
    results,
    hasBroken: broke.length > 0,
    plan,
  });
  return {
    ...step,
    outcome: voidBecause.length > 0 ? 'void' : broke.length > 0 ? 'failed' : 'passed',
    broke: voidBecause.length > 0 ? [] : broke,
    ...(voidBecause.length > 0 && { voidBecause }),
    figures: {
      ...holdFiguresOf(hold, measured),
      throttled: throttling.publishes,
      ...(quota !== undefined && { throttledBy: quota }),
    },
    ...(kept[0] && { objectiveMs: kept[0].actual ?? kept[0].range?.atLeast ?? null }),
  };
}

function measureHold(plan: Plan, hold: HoldLedger, cloudwatch: CloudWatchView, now: number) {
  const generator = summarizeGenerator(hold);
  const throttling = throttlingOf(plan, hold, cloudwatch);
  const knownUntil = knownUntilOf(plan, hold, now);
  const measured = measuredOfHold({ plan, hold, generator, throttling, knownUntil });
  return { generator, throttling, measured };
}

/** What an interval breaks if it overloads the service. */
function objectiveOf(search: ObjectiveSearch): Plan['profile']['thresholds'] {
  const { metric, expression } = overloadThreshold(search);
  return { [metric]: [{ expression, abortOnFail: false, delayAbortEvalMs: 0 }] };
}

/**
 * By when what is missing is known not to have arrived: what waits in a queue of ours may have arrived since the last that was read. It is
 * at most the end of the grace, however late the hold is judged, so that its figures do not grow with its age.
 */
function knownUntilOf(plan: Plan, hold: HoldLedger, now: number): number {
  const { messages, lastArrivalAt, step } = hold;
  const latest = step.holdUntil + arrivalGraceMs(plan);
  if (messages.notRead + messages.unaccounted > 0) return Math.min(lastArrivalAt, now, latest);
  return hasAllArrived(hold) ? latest : Math.min(now, latest);
}

function thresholdsOf({ profile: { thresholds, search } }: Plan): Plan['profile']['thresholds'] {
  if (search === undefined) return thresholds;
  return Object.fromEntries(
    Object.entries(thresholds).filter(([name]) => whyNotByHold(name, search) === undefined),
  );
}

function isKnown({ actual, range }: ThresholdResult): boolean {
  return actual !== null || range !== undefined;
}

function brokenOf(
  { metric, expression, actual, range }: ThresholdResult,
  quota: QuotaName | undefined,
): BrokenObjective {
  const value = actual ?? range?.atLeast ?? null;
  return { metric, expression, actual: value, ...(quota !== undefined && { quota }) };
}

/** The quota that refused the most of what the hold lacks: CloudWatch's minutes may contain refusals of other holds. */
function refusingQuotaOf(
  { devices, messages }: HoldLedger,
  { publishes, refusals }: Throttling,
): QuotaName | undefined {
  const lacks = ({ quota }: QuotaRefusals): boolean => {
    switch (quota) {
      case 'publishInPerSecond':
      case 'publishesPerSecondPerConnection':
        return publishes > 0;
      case 'connectsPerSecond':
      case 'concurrentConnections':
      case 'connectsPerSecondPerClientId':
        return devices.connectFailed > 0;
      default:
        return messages.lost > 0;
    }
  };
  return refusals.find(lacks)?.quota;
}

interface JudgedFigures {
  readonly plan: Plan;
  readonly search: SearchSettings | undefined;
  readonly hold: HoldLedger;
  readonly generator: GeneratorSummary;
  readonly throttling: Throttling;
  readonly results: readonly ThresholdResult[];
  /** Whether some threshold is known not to hold. */
  readonly hasBroken: boolean;
}

/** Why the hold says nothing of the service; empty: it does. */
function voidReasonsOf(judged: JudgedFigures): VoidReason[] {
  const { hold } = judged;
  const { pending, slices } = hold;
  if (pending.length > 0) {
    const sentence = `${formatPlural(pending.length, 'slice')} of ${formatCount(slices.planned)} left no complete record of the hold: each died, was stopped, or stored it too late.`;
    return [{ kind: 'slice-died', sentence }];
  }
  const load = offeredLoadOf(judged.plan, hold, judged.throttling);
  const ofLevel = whyNoLevel(load);
  if (ofLevel.length > 0) return ofLevel;
  const ofGenerator = generatorReasonsOf(judged, load);
  if (ofGenerator.length > 0 || judged.hasBroken) return ofGenerator;
  const unoffered = whyNotOffered(load);
  if (unoffered.length > 0) return unoffered;
  return judged.results.filter(({ passed }) => !passed).map(noDataOf);
}

function noDataOf({ metric, expression, range }: ThresholdResult): VoidReason {
  const sentence =
    range === undefined
      ? `${metric} (${expression}) has no value in the hold.`
      : `${metric} (${expression}) is not known well enough: it is ${formatCount(Math.round(range.atLeast))} or more, because messages of the hold had not arrived, or are not accounted for, when it was judged.`;
  return { kind: 'no-data', sentence };
}

/**
 * A generator at its limit makes messages late or drops them: such a hold is void, but for four cases that say something of the service
 * all the same. It passed at the level that it was to have, although its generator was at its limit; a quota refused messages that did
 * not come in bursts; the service lost more messages that it had acknowledged than left late; or an objective
 * is held, and send lag is only a small share of it.
 */
function generatorReasonsOf(
  { search, hold, generator, hasBroken }: JudgedFigures,
  { due, offered, peakPerSecond, refused }: OfferedLoad,
): VoidReason[] {
  const { state, sentence } = generator.health;
  if (state !== 'bottleneck') return [];
  const { messages, step } = hold;
  const duePerSecond = (due * 1_000) / (step.holdUntil - step.holdFrom);
  const isOffered = offered >= leastOffered * due;
  if (!hasBroken && isOffered) return [];
  if (refused > 0 && isOffered && peakPerSecond <= mostOfBurst * duePerSecond) return [];
  if (isOffered && losesMoreThanLate(hold)) return [];
  if (isOffered && search?.kind === 'objective' && isLateByLittle(hold, search)) return [];
  const dropped: VoidReason[] =
    messages.dropped === 0
      ? []
      : [
          {
            kind: 'dropped',
            sentence: `${formatPlural(messages.dropped, 'message')} of ${formatCount(messages.intended)} ${messages.dropped === 1 ? 'was' : 'were'} never sent.`,
          },
        ];
  return [{ kind: 'generator', sentence }, ...dropped];
}

/**
 * A queue of limited length loses at most one message more for each that comes at another time. So what was lost beyond the number of late
 * messages would have been lost, had all come in time. What was not acknowledged may not have left this machine.
 */
function losesMoreThanLate({ messages: { sent, acked, received, lost }, latencies }: HoldLedger): boolean {
  const share = Math.min(lost, Math.max(0, acked - received)) / sent;
  return share > 0 && latencies.send_lag.percentileAt(100 * (1 - share)) <= tolerated.sendLagP99Ms;
}

/** Send lag up to this share of the objective is no reason for an overload: that begins at `overloadFactor` times the objective. */
const toleratedLateShare = 0.1;

function isLateByLittle({ messages, latencies }: HoldLedger, { at }: ObjectiveSearch): boolean {
  return messages.dropped === 0 && latencies.send_lag.percentileAt(99) <= toleratedLateShare * at;
}
