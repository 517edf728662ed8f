import type { GroupPlan, Plan } from '../plan/plan.ts';
import { observedConnectsFrom, observedGroupsOf, observingGroupOf } from '../plan/presence.ts';
import { sumBy } from '../shared/counts.ts';
import { OccurrenceSets } from './occurrence-sets.ts';
import type { PresenceResult } from './presence-result.ts';
import { type CountsByReason, ReasonCounts } from './reason-counts.ts';
import type { SliceResult } from './slice-result.ts';

/** Of connects, or of disconnects: those that devices counted, held against events of the same client ids. */
export interface PresenceCounts {
  readonly counted: number;
  /** Each version number once. */
  readonly events: number;
  /** Counted, and without an event. */
  readonly missing: number;
  /** Events beyond what their device counted. */
  readonly unmatched: number;
}

export interface GroupPresence {
  readonly group: GroupPlan;
  readonly connects: PresenceCounts;
  readonly disconnects: PresenceCounts;
}

/** What an observer of presence saw of a run, beside the counts by group. */
export interface PresenceSums {
  /** Events that came a second time. */
  readonly duplicates: number;
  /** Events that came after a later one of the same device. */
  readonly outOfOrder: number;
  /** Events of the run's own clients that are not observed. */
  readonly ofRun: number;
  /** Events of other clients of the account. */
  readonly unrelated: number;
  /** Why connections ended, in AWS's words. */
  readonly disconnectedBy: CountsByReason;
  /** Why the observer's subscriptions were refused. */
  readonly subscribeRefusedBy: CountsByReason;
  /** Whether the observer was subscribed before the others connected, kept its connections, and saw the end of the run. */
  readonly isWhole: boolean;
  /** Slices of observed devices that did not come to their end, so that their last connects and disconnects were not counted. */
  readonly slicesUnknown: number;
}

export interface RunPresence extends PresenceSums {
  readonly groups: readonly GroupPresence[];
}

/** Events that came to the observer, of whichever client; 0: there is none. */
export function eventsReceived(presence: RunPresence | undefined): number {
  if (presence === undefined) return 0;
  const { groups, duplicates, ofRun, unrelated } = presence;
  const ofDevices = sumBy(groups, ({ connects, disconnects }) => connects.events + disconnects.events);
  return ofDevices + duplicates + ofRun + unrelated;
}

/** Events of devices' connects and disconnects that did not come. */
export function eventsMissed(presence: RunPresence | undefined): number {
  return sumBy(presence?.groups ?? [], ({ connects, disconnects }) => connects.missing + disconnects.missing);
}

/** Merges what slices stored of connections, and of events about them. Slices come in any order. */
export class PresenceTotals {
  readonly #plan: Plan;
  readonly #connects = { counted: new OccurrenceSets(), events: new OccurrenceSets() };
  readonly #disconnects = { counted: new OccurrenceSets(), events: new OccurrenceSets() };
  readonly #disconnectedBy = new ReasonCounts();
  readonly #refusedBy = new ReasonCounts();
  readonly #ended = new Set<number>();
  #sums = { duplicates: 0, outOfOrder: 0, ofRun: 0, unrelated: 0 };
  #isWhole = true;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** @throws {CorruptMeasurementError} */
  addSlice({ slice, outcome, connections, presence }: SliceResult): void {
    const { devices } = this.#plan.profile;
    if (outcome !== 'running') this.#ended.add(slice);
    if (connections !== undefined) {
      this.#connects.counted.addEncoded(connections.connects, devices);
      this.#disconnects.counted.addEncoded(connections.disconnects, devices);
    }
    if (presence !== undefined) this.#addEvents(presence, devices, outcome === 'completed');
  }

  /** Undefined: no group observes presence. */
  totals(): RunPresence | undefined {
    const observing = observingGroupOf(this.#plan);
    if (observing === undefined) return undefined;
    const slicesOf = ({ firstSlice, slices }: GroupPlan) =>
      Array.from({ length: slices.count }, (_, i) => firstSlice + i);
    return {
      groups: observedGroupsOf(this.#plan).map((group) => ({
        group,
        connects: countsOf(this.#connects, group),
        disconnects: countsOf(this.#disconnects, group),
      })),
      ...this.#sums,
      disconnectedBy: this.#disconnectedBy.counts(),
      subscribeRefusedBy: this.#refusedBy.counts(),
      isWhole: this.#isWhole && slicesOf(observing).every((slice) => this.#ended.has(slice)),
      slicesUnknown: observedGroupsOf(this.#plan)
        .flatMap(slicesOf)
        .filter((slice) => !this.#ended.has(slice)).length,
    };
  }

  #addEvents(result: PresenceResult, devices: number, isComplete: boolean): void {
    this.#connects.events.addEncoded(result.connects, devices);
    this.#disconnects.events.addEncoded(result.disconnects, devices);
    this.#disconnectedBy.addAll(result.disconnectedBy);
    this.#refusedBy.addAll(result.subscribeRefusedBy);
    const { duplicates, outOfOrder, ofRun, unrelated } = this.#sums;
    this.#sums = {
      duplicates: duplicates + result.duplicates,
      outOfOrder: outOfOrder + result.outOfOrder,
      ofRun: ofRun + result.ofRun,
      unrelated: unrelated + result.unrelated,
    };
    const { subscribedAt, gaps, open } = result;
    const isInTime = subscribedAt !== null && subscribedAt <= observedConnectsFrom(this.#plan);
    this.#isWhole &&= isComplete && isInTime && gaps === 0 && open === 0;
  }
}

function countsOf(
  { counted, events }: { readonly counted: OccurrenceSets; readonly events: OccurrenceSets },
  { firstDevice, profile }: GroupPlan,
): PresenceCounts {
  const devices = { first: firstDevice, end: firstDevice + profile.devices };
  return {
    counted: counted.countWithin(devices),
    events: events.countWithin(devices),
    missing: counted.countWithout(events, devices),
    unmatched: events.countWithout(counted, devices),
  };
}
