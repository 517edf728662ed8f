import { isAcknowledged } from '../plan/groups.ts';
import type { GroupPlan, Plan } from '../plan/plan.ts';
import { subscriberNumbersOf } from '../plan/subscribers.ts';
import { sumBy } from '../shared/counts.ts';
import { formatElapsed, formatPlural } from '../shared/format.ts';
import { type BrokerCount, countBroker } from './broker-samples.ts';
import { type CountsByReason, ReasonCounts } from './reason-counts.ts';
import { reasonOfDeath, type SliceDeath } from './slice-death.ts';
import type { SubscriberRecord } from './subscriber-record.ts';

/** Clocks of two slices may differ by as much. */
const clockMarginMs = 1_000;

/** A subscriber that still received messages so shortly before its end had not received all. */
export const quietMs = 1_000;

/** What the subscribers of a run came to. */
export interface SubscriberTotals {
  readonly planned: number;
  /** Ended by themselves. */
  readonly ended: number;
  readonly isShared: boolean;
  readonly connects: number;
  readonly gaps: number;
  readonly sessionsLost: number;
  readonly disconnectedBy: CountsByReason;
  readonly connectFailedBy: CountsByReason;
  readonly refusedBy: CountsByReason;
  readonly arrivals: number;
  /** Of the arrivals, those that the target marked as sent before (DUP). Absent: none were. */
  readonly redelivered?: number;
  readonly windows: number;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  /** Of one vCPU, of the busiest subscriber in its busiest second. */
  readonly peakCpuShare: number;
  readonly maxRssBytes: number;
  readonly eventLoopDelayMaxMs: number;
  /** Absent: the broker published no counts. */
  readonly broker?: {
    readonly name: string;
    readonly samples: number;
    readonly counts: readonly BrokerCount[];
  };
}

/**
 * What subscribers may have missed by their own doing. A message that is missing there is held against the target only if a subscriber
 * was surely subscribed when it was sent, or the target had promised to keep it: at QoS 1 and 2, in a session that outlives its connection.
 */
export class SubscriberWatch {
  readonly #plan: Plan;
  readonly #records = new Map<number, SubscriberRecord>();
  readonly #deaths = new Map<number, SliceDeath>();

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** A later record of the same slice takes the place of an earlier one. */
  add(record: SubscriberRecord): void {
    this.#records.set(record.slice, record);
  }

  addDeath(death: SliceDeath): void {
    this.#deaths.set(death.slice, death);
  }

  get records(): readonly SubscriberRecord[] {
    return [...this.#records.values()];
  }

  /** Whether none of them will store anything any more. */
  get haveEnded(): boolean {
    return subscriberNumbersOf(this.#plan).every(
      (slice) => this.#deaths.has(slice) || isEnded(this.#records.get(slice)),
    );
  }

  /**
   * Epoch milliseconds: a missing message of the group that was due before that may have been missed by a subscriber, and is
   * not known to be lost. Infinite: whenever it was due.
   */
  blindBefore(group: Pick<GroupPlan, 'profile'>): number {
    const holdsForSession = isAcknowledged(group);
    return Math.max(
      Number.NEGATIVE_INFINITY,
      ...subscriberNumbersOf(this.#plan).map((slice) => this.#blindBeforeOf(slice, holdsForSession)),
    );
  }

  /** Why, a phrase each. */
  because(): string[] {
    const { publishAt } = this.#plan.timeline;
    return subscriberNumbersOf(this.#plan).flatMap((slice) => {
      const record = this.#records.get(slice);
      const death = this.#deaths.get(slice);
      if (!isEnded(record)) {
        const why = death === undefined ? '' : ` (${reasonOfDeath(death)})`;
        return [`subscriber ${slice} did not come to its end${why}`];
      }
      if (record.outcome === 'failed')
        return [`subscriber ${slice} failed: ${record.reason ?? 'no reason given'}`];
      const reasons: string[] = [];
      if (record.subscribedAt === null) reasons.push(`subscriber ${slice} was never subscribed`);
      else if (record.subscribedAt > publishAt)
        reasons.push(
          `subscriber ${slice} was subscribed ${formatElapsed(record.subscribedAt - publishAt)} after publishing began`,
        );
      const { gaps } = record;
      if (gaps.length > 0) {
        const awayMs = sumBy(gaps, ({ from, until }) => (until ?? record.at) - from);
        reasons.push(
          `subscriber ${slice} lost its connection ${formatPlural(gaps.length, 'time')} and was away for ${formatElapsed(awayMs)}`,
        );
      }
      if (wasCutOff(record)) reasons.push(`messages still came when subscriber ${slice} ended`);
      return reasons;
    });
  }

  /** What subscribers died of, as far as it is known. */
  diedBy(): CountsByReason {
    const reasons = new ReasonCounts();
    for (const death of this.#deaths.values()) reasons.add(reasonOfDeath(death));
    return reasons.counts();
  }

  totals(): SubscriberTotals | undefined {
    const planned = subscriberNumbersOf(this.#plan).length;
    if (planned === 0) return undefined;
    const { records } = this;
    const reasons = (of: (record: SubscriberRecord) => CountsByReason): CountsByReason => {
      const counts = new ReasonCounts();
      for (const record of records) counts.addAll(of(record));
      return counts.counts();
    };
    const most = (of: (record: SubscriberRecord) => number) => Math.max(0, ...records.map(of));
    const redelivered = sumBy(records, (record) => record.redelivered ?? 0);
    const broker = records.find((record) => record.broker !== undefined)?.broker;
    return {
      planned,
      ended: records.filter(isEnded).length,
      isShared: records.some(({ isShared }) => isShared),
      connects: sumBy(records, ({ connects }) => connects),
      gaps: sumBy(records, ({ gaps }) => gaps.length),
      sessionsLost: sumBy(
        records,
        ({ gaps }) => gaps.filter(({ isSessionKept }) => isSessionKept === false).length,
      ),
      disconnectedBy: reasons(({ disconnectedBy }) => disconnectedBy),
      connectFailedBy: reasons(({ connectFailedBy }) => connectFailedBy),
      refusedBy: reasons(({ refusedBy }) => refusedBy),
      arrivals: sumBy(records, ({ arrivals }) => arrivals),
      ...(redelivered > 0 && { redelivered }),
      windows: sumBy(records, ({ windows }) => windows),
      cpuSeconds: sumBy(records, ({ health }) => health.cpuSeconds),
      wallSeconds: sumBy(records, ({ health }) => health.wallSeconds),
      peakCpuShare: most(({ health }) => health.peakCpuShare ?? 0),
      maxRssBytes: most(({ health }) => health.maxRssBytes),
      eventLoopDelayMaxMs: most(({ health }) => health.eventLoopDelayMaxMs),
      ...(broker && {
        broker: {
          name: broker.name,
          samples: broker.samples.length + (broker.uptime?.samples ?? 0),
          counts: countBroker(broker, this.#plan.timeline.publishAt),
        },
      }),
    };
  }

  #blindBeforeOf(slice: number, holdsForSession: boolean): number {
    const record = this.#records.get(slice);
    if (!isEnded(record) || record.outcome === 'failed' || record.subscribedAt === null || wasCutOff(record))
      return Number.POSITIVE_INFINITY;
    const late =
      record.subscribedAt > this.#plan.timeline.publishAt ? [record.subscribedAt + clockMarginMs] : [];
    const missed = record.gaps
      .filter(({ isSessionKept }) => !holdsForSession || isSessionKept === null)
      .map(({ until }) => (until ?? Number.POSITIVE_INFINITY) + clockMarginMs);
    return Math.max(Number.NEGATIVE_INFINITY, ...late, ...missed);
  }
}

function isEnded(record: SubscriberRecord | undefined): record is SubscriberRecord {
  return record !== undefined && record.outcome !== 'running';
}

function wasCutOff({ at, lastArrivalAt }: SubscriberRecord): boolean {
  return lastArrivalAt !== null && at - lastArrivalAt < quietMs;
}
