import type { RunLedger } from '../measure/run-ledger.ts';
import type { Plan } from '../plan/plan.ts';
import type { Rates, StageRate } from './report.ts';

/** @param isOver false: a run that still publishes, whose time so far counts */
export function ratesOf(plan: Plan, ledger: RunLedger, isOver = true): Rates {
  const endAt = publishedUntil(plan, ledger, isOver);
  const seconds = Math.max(0, endAt - plan.timeline.publishAt) / 1000;
  const { messages } = ledger;
  const perSecond = (count: number) => (seconds > 0 ? rounded(count / seconds) : 0);
  return {
    meanPerSecond: perSecond(messages.sent),
    throughputPerSecond: perSecond(ledger.acknowledged ? messages.acked : messages.received),
    peakPerSecond: Math.max(0, ...ledger.perSecond.sent),
    stages: stageRates(plan, ledger, endAt),
  };
}

/** As planned; of a run that was stopped, up to the last second in which something was sent. */
function publishedUntil({ timeline }: Plan, { slices, perSecond }: RunLedger, isOver: boolean): number {
  const lastSent = perSecond.sent.findLastIndex((count) => count > 0);
  const stoppedAt = (perSecond.startSecond + lastSent + 1) * 1000;
  return slices.stopped > 0 || !isOver ? Math.min(stoppedAt, timeline.publishEndAt) : timeline.publishEndAt;
}

/** A stage that the end cut short is averaged over what there was of it. */
function stageRates({ profile, timeline }: Plan, { perSecond }: RunLedger, endAt: number): StageRate[] {
  const rates: StageRate[] = [];
  let stageAt = timeline.publishAt;
  let startPerSecond = profile.startRatePerSecond;
  for (const [i, { durationMs, targetPerSecond }] of profile.stages.entries()) {
    const from = stageAt;
    const to = from + durationMs;
    const until = Math.min(to, endAt);
    const isHold = startPerSecond === targetPerSecond && wholeSeconds(from, until) > 0;
    const mean = isHold ? meanOfWholeSeconds : meanOfTouchedSeconds;
    const meanOf = (counts: readonly number[]): number =>
      until > from ? rounded(mean(counts, perSecond.startSecond, from, until)) : 0;
    // A stage of no length is a jump of the rate; there is nothing to average over.
    if (durationMs > 0) {
      rates.push({
        stage: i + 1,
        seconds: durationMs / 1000,
        startPerSecond,
        targetPerSecond,
        intendedPerSecond: meanOf(perSecond.intended),
        sentPerSecond: meanOf(perSecond.sent),
      });
    }
    stageAt = to;
    startPerSecond = targetPerSecond;
  }
  return rates;
}

function wholeSeconds(from: number, to: number): number {
  return Math.floor(to / 1000) - Math.ceil(from / 1000);
}

/** Of a hold: a second that it shares with a ramp would blur its rate. */
function meanOfWholeSeconds(
  counts: readonly number[],
  startSecond: number,
  from: number,
  to: number,
): number {
  const first = Math.ceil(from / 1000) - startSecond;
  let sum = 0;
  for (let i = 0; i < wholeSeconds(from, to); i++) sum += counts[first + i] ?? 0;
  return sum / wholeSeconds(from, to);
}

/** Of a ramp, each second by the part of it that lies in the stage: leaving out a ramp's ends would shift its mean. */
function meanOfTouchedSeconds(
  counts: readonly number[],
  startSecond: number,
  from: number,
  to: number,
): number {
  let sum = 0;
  for (let second = Math.floor(from / 1000); second * 1000 < to; second++) {
    const overlapMs = Math.min(to, (second + 1) * 1000) - Math.max(from, second * 1000);
    sum += ((counts[second - startSecond] ?? 0) * overlapMs) / 1000;
  }
  return sum / ((to - from) / 1000);
}

/** Thousandths of a message a second: more digits would only be noise in report.json. */
function rounded(perSecond: number): number {
  return Math.round(perSecond * 1000) / 1000;
}
