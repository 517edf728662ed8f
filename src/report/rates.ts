import type { RunLedger } from '../measure/run-ledger.ts';
import type { StageCounts } from '../measure/slice-entry.ts';
import { busiestOf, endOfStep } from '../measure/stepped-series.ts';
import { deviceGroupsOf } from '../plan/groups.ts';
import type { GroupPlan, Plan } from '../plan/plan.ts';
import { cutStretches, stretchesOf } from '../profile/load-shapes/rate-stretches.ts';
import { hasSchedule } from '../profile/load-shapes/resolved-load.ts';
import type { RateStep } from '../profile/rate-step.ts';
import type { Rates, StageRate } from './report-model.ts';

/** @param isOver false: a run that still publishes, whose time so far counts */
export function ratesOf(plan: Plan, ledger: RunLedger, isOver = true): Rates {
  const endAt = publishedUntil(plan, ledger, isOver);
  const seconds = Math.max(0, endAt - plan.timeline.publishAt) / 1000;
  const { messages } = ledger;
  const perSecond = (count: number) => (seconds > 0 ? rounded(count / seconds) : 0);
  return {
    meanPerSecond: perSecond(messages.sent),
    throughputPerSecond: throughputOf(ledger, seconds),
    peakPerSecond: busiestOf(ledger.perSecond, 'sent'),
    publishedSeconds: rounded(seconds),
    ...(ledger.perSecond.users && { peakUsers: busiestOf(ledger.perSecond, 'users') }),
    stages: stageRates(plan, ledger, {
      intended: isOver && !isStopped(ledger) ? plan.timeline.publishEndAt : endAt,
      sent: endAt,
      isCutShort: ledger.stoppedOn !== undefined || ledger.slices.stopped === ledger.slices.planned,
    }),
  };
}

/** Acknowledged messages a second; at QoS 0, where nothing is acknowledged, received ones. */
export function throughputOf(
  { acknowledged, messages }: Pick<RunLedger, 'acknowledged' | 'messages'>,
  seconds: number,
): number {
  return seconds > 0 ? rounded((acknowledged ? messages.acked : messages.received) / seconds) : 0;
}

/**
 * As planned; of a run that was stopped up to the stop, or the last message that left after it. Where every slice died, up
 * to the last instant that is known of any.
 */
function publishedUntil(plan: Plan, ledger: RunLedger, isOver: boolean): number {
  const { publishAt, publishEndAt } = plan.timeline;
  const { slices, stoppedOn, lastSentAt, knownUntil, perSecond } = ledger;
  const lastSentStep = perSecond.sent.findLastIndex((count) => count > 0);
  const lastSent = lastSentAt ?? endOfStep(perSecond, lastSentStep);
  if (!isOver) return Math.min(lastSent, publishEndAt);
  if (isStopped(ledger)) {
    return Math.min(Math.max(stoppedOn?.at ?? publishAt, lastSent), publishEndAt);
  }
  if (slices.died < slices.planned) return publishEndAt;
  const lastArrival = perSecond.arrivals.findLastIndex((count) => count > 0);
  const lastArrivalAt = lastArrival < 0 ? publishAt : endOfStep(perSecond, lastArrival);
  return Math.min(Math.max(publishAt, lastArrivalAt, ...knownUntil), publishEndAt);
}

function isStopped({ slices, stoppedOn }: RunLedger): boolean {
  return slices.stopped > 0 || stoppedOn !== undefined;
}

/** Epoch milliseconds: what was due is known as far as the plan goes unless a stop decides it, what was sent as far as slices live. */
interface KnownUntil {
  readonly intended: number;
  readonly sent: number;
  /** Whether all slices ended before the plan does. */
  readonly isCutShort: boolean;
}

/** Of a shorter part of a stage a rate is that of a few messages, and says nothing of the stage. */
const shortestMeanMs = 1_000;

/**
 * Messages by their intended time, which the schedule fixes: what was due within a stage, and how much of that was sent,
 * over the stage's length. A stage that the end cut short is averaged over what there was of it, if that is a second at least.
 */
function stageRates(plan: Plan, ledger: RunLedger, knownUntil: KnownUntil): StageRate[] {
  let first = 0;
  return deviceGroupsOf(plan).flatMap((group) => {
    const { length } = group.profile.stages;
    const counts = ledger.stages.slice(first, first + length);
    first += length;
    return groupStageRates(group, counts, knownUntil);
  });
}

function groupStageRates(
  { group, profile, timeline }: GroupPlan,
  stages: readonly StageCounts[],
  knownUntil: KnownUntil,
): StageRate[] {
  const rates: StageRate[] = [];
  let stageAt = timeline.publishAt;
  let startPerSecond = profile.startRatePerSecond;
  let startUsers = profile.users?.startUsers;
  for (const [i, { durationMs, targetPerSecond, targetUsers }] of profile.stages.entries()) {
    const from = stageAt;
    const to = from + durationMs;
    const ranMs = (until: number): number => Math.max(0, Math.min(to, until) - from);
    const meanOf = (count: number, until: number): number | null => {
      const ms = ranMs(until);
      return ms < Math.min(durationMs, shortestMeanMs) ? null : rounded(count / (ms / 1_000));
    };
    // What users start is known as far as their slices are.
    const dueUntil = hasSchedule(profile) ? knownUntil.intended : knownUntil.sent;
    const { intended = 0, sent = 0 } = stages[i] ?? {};
    // A stage of no length is a jump of the rate; there is nothing to average over.
    if (durationMs > 0) {
      rates.push({
        ...(group === undefined ? {} : { group }),
        stage: i + 1,
        seconds: durationMs / 1000,
        ...(knownUntil.isCutShort && dueUntil < to && { ranSeconds: ranMs(dueUntil) / 1_000 }),
        startPerSecond,
        targetPerSecond,
        ...(startUsers === undefined || targetUsers === undefined ? {} : { startUsers, targetUsers }),
        ...amendedBetween(profile, from - timeline.publishAt, to - timeline.publishAt),
        intendedPerSecond: meanOf(intended, dueUntil),
        sentPerSecond: meanOf(sent, knownUntil.sent),
      });
    }
    stageAt = to;
    startPerSecond = targetPerSecond;
    startUsers = targetUsers;
  }
  return rates;
}

function amendedBetween(
  profile: GroupPlan['profile'],
  fromMs: number,
  toMs: number,
): Pick<StageRate, 'amended'> {
  const steps = (profile.rateSteps ?? []).filter(({ atMs }) => atMs < toMs);
  const isPlanned = (step: RateStep) => 'factor' in step && step.factor === 1;
  const inForce = steps.slice(
    Math.max(
      0,
      steps.findLastIndex(({ atMs }) => atMs <= fromMs),
    ),
  );
  return inForce.every(isPlanned) ? {} : { amended: cutStretches(stretchesOf(profile), fromMs, toMs) };
}

/** Thousandths of a message a second, below 1/s millionths: a rate of 4 messages an hour is not 0. */
function rounded(perSecond: number): number {
  const digits = perSecond < 1 ? 1e6 : 1e3;
  return Math.round(perSecond * digits) / digits;
}
