import { groupOfSlice, groupsOf } from '../plan/groups.ts';
import { downlinkObserver, type Observer, ruleObserver, subscriberObserver } from '../plan/observers.ts';
import type { Plan } from '../plan/plan.ts';
import type { RunOutline } from '../plan/run-outline.ts';
import type { ArrivalWindow } from './arrival-window.ts';
import { CorruptMeasurementError } from './corrupt-measurement.ts';
import type { DownlinkCloser } from './downlink-closer.ts';
import type { IntervalSet } from './interval-set.ts';
import { type ObserverCloser, ObserverRecord } from './observer-record.ts';
import type { StreamEntry } from './slice-entry.ts';
import type { SliceResult } from './slice-result.ts';
import { SubscriberWatch } from './subscriber-watch.ts';
import { type Backlog, emptyBacklog } from './unread-backlog.ts';

/** Of a target whose messages end with their answers: nothing is due here, and no window is stored. */
const nowhere: Observer = { name: '', recordedBy: 'windows' };

/** Everything that counts a run's messages, the primary one first. */
export class RunObservers {
  readonly primary: ObserverRecord;
  readonly subscribers: SubscriberWatch;
  readonly #plan: Plan;
  readonly #records: ReadonlyMap<string, ObserverRecord>;

  constructor(plan: Plan, outline: RunOutline) {
    const records = outline.observers.map((observer) => new ObserverRecord(plan, outline, observer));
    this.#plan = plan;
    this.primary = records[0] ?? new ObserverRecord(plan, outline, nowhere);
    this.#records = new Map(records.map((record) => [record.observer.name, record]));
    this.subscribers = new SubscriberWatch(plan);
  }

  /**
   * @returns whether it is a new one, and one of the primary observer
   * @throws {CorruptMeasurementError} also for an observer that the plan does not have
   */
  addWindow(window: ArrivalWindow): { readonly isNew: boolean; readonly isPrimary: boolean } {
    const record = this.#records.get(window.observer);
    // The stack's rule reads its topics even in a run whose messages others count.
    if (record === undefined && window.observer === ruleObserver) return { isNew: false, isPrimary: false };
    if (record?.observer.recordedBy !== 'windows')
      throw new CorruptMeasurementError(`An arrival window of the observer ${window.observer}`);
    return { isNew: record.addWindow(window), isPrimary: record === this.primary };
  }

  /** What devices of a slice saw. @throws {CorruptMeasurementError} */
  addObserved({ slice, observed = {}, messages, downlink }: SliceResult): void {
    if (downlink !== undefined) {
      const record = this.#records.get(downlinkObserver);
      if (record === undefined) throw new CorruptMeasurementError('A slice result with commands');
      record.addDelivered(downlink);
    }
    for (const [name, seen] of Object.entries(observed)) {
      const record = this.#records.get(name);
      if (record?.observer.recordedBy !== 'slice')
        throw new CorruptMeasurementError(`A slice result of the observer ${name}`);
      // Of the subscriptions that devices have, echoes are all there is.
      record.addObserved(slice, seen, messages.echoed - seen.arrivals);
    }
  }

  /** Arrival windows of one observer; 0 where the run has no such observer. */
  windowsOf(observer: string): number {
    return this.#records.get(observer)?.windows ?? 0;
  }

  /** Begins to count, by observer. @param backlog what the queues between the rule and its reader hold */
  close(goesOn: boolean, backlog: Backlog, downlink: DownlinkCloser): ReadonlyMap<string, ObserverCloser> {
    return new Map(
      [...this.#records].map(([name, record]) => {
        if (name === subscriberObserver) return [name, this.#closeSubscriber(record, goesOn)];
        if (name === downlinkObserver)
          return [name, record.close(emptyBacklog, (...missing) => downlink.unseenOf(...missing))];
        return [
          name,
          record.close(record === this.primary || name === ruleObserver ? backlog : emptyBacklog),
        ];
      }),
    );
  }

  /** Why messages are not accounted for at the primary observer, a phrase each. */
  unaccountedBecause({ unseenBecause }: Backlog): readonly string[] {
    return this.primary.observer.name === subscriberObserver ? this.subscribers.because() : unseenBecause;
  }

  /** Subscribers of a run that goes on have not ended, and nothing says yet what they have missed. */
  #closeSubscriber(record: ObserverRecord, goesOn: boolean): ObserverCloser {
    if (goesOn) return record.close();
    const blindBefore = new Map(
      groupsOf(this.#plan).map((group) => [group.number, this.subscribers.blindBefore(group)]),
    );
    return record.close(emptyBacklog, ({ slice }, missing, { dueBefore }) => {
      const { number } = groupOfSlice(this.#plan, slice);
      return countDueBefore(missing, dueBefore, blindBefore.get(number) ?? Number.NEGATIVE_INFINITY);
    });
  }
}

/** Missing messages that were due before an instant, epoch milliseconds. */
function countDueBefore(missing: IntervalSet, dueBefore: StreamEntry['dueBefore'], instant: number): number {
  if (instant === Number.NEGATIVE_INFINITY) return 0;
  if (instant === Number.POSITIVE_INFINITY) return missing.count;
  return missing.between(0, dueBefore(instant)).count;
}
