import type { Announcement } from '../plan/actions/action.ts';
import {
  deviceGroupsOf,
  groupOfSlice,
  groupsOf,
  isAcknowledged,
  isExactlyOnce,
  isOfDevices,
} from '../plan/groups.ts';
import { downlinkObserver, ruleObserver } from '../plan/observers.ts';
import type { Plan } from '../plan/plan.ts';
import { slicesHere, slicesOfGroupHere } from '../plan/regions.ts';
import { outlineOf, type RunOutline } from '../plan/run-outline.ts';
import type { SearchStep } from '../plan/search/judged-hold.ts';
import { isSubscriberSlice } from '../plan/subscribers.ts';
import { sumFields } from '../shared/counts.ts';
import { AppliedActions } from './action-totals.ts';
import type { ArrivalWindow } from './arrival-window.ts';
import { ConnectionTotals } from './connection-totals.ts';
import { CorruptMeasurementError } from './corrupt-measurement.ts';
import { DownlinkTotals } from './downlink-totals.ts';
import { FailureTotals } from './failure-reasons.ts';
import { GeneratorCounters } from './generator-counters.ts';
import { GroupTotals, plannedPartOf, sumOfDevices } from './group-totals.ts';
import { type HoldLedger, HoldRecord, type LedgerPart, wholeRun } from './hold-record.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { startLagOf } from './leg-attempts.ts';
import { settleMsOf } from './leg-entry.ts';
import { type LegTotals, legTotalsOf } from './leg-totals.ts';
import { compareObservers } from './observer-comparison.ts';
import type { ObserverCloser } from './observer-record.ts';
import { OwnRates } from './own-rates.ts';
import { PartRecords } from './part-records.ts';
import { addArrivalLatencies, addSliceLatencies, makeRunLatencies } from './run-latencies.ts';
import type { RunLedger } from './run-ledger.ts';
import { RunObservers } from './run-observers.ts';
import { RequestTotals } from './run-requests.ts';
import { RunSeconds } from './run-seconds.ts';
import { SliceClocks } from './slice-clocks.ts';
import { instantOfDeath, reasonsOfDeaths, type SliceDeath } from './slice-death.ts';
import { SliceEndings } from './slice-endings.ts';
import { makeSliceCloser, type SliceRecord } from './slice-entry.ts';
import type { SliceResult } from './slice-result.ts';
import type { SubscriberRecord } from './subscriber-record.ts';
import { type Backlog, emptyBacklog } from './unread-backlog.ts';

/** Slice results and arrival windows go in one at a time, in any order, and may be forgotten; memory stays bounded. */
export function makeLedger(plan: Plan, { outline, steps = [] }: LedgerOptions = {}): Ledger {
  const rates = new OwnRates(plan);
  return new Ledger(rates.plan, outline ?? outlineOf(rates.plan), rates, steps);
}

interface LedgerOptions {
  /** What is expected of the run; absent: what the plan says. */
  readonly outline?: RunOutline;
  /** Holds of the run's search that can be closed by themselves. */
  readonly steps?: readonly SearchStep[];
}

export class Ledger {
  readonly #plan: Plan;
  readonly #outline: RunOutline;
  readonly #rates: OwnRates;
  /** By slice, then by leg. */
  readonly #legs = new Map<number, LegTotals[]>();
  readonly #deaths = new Map<number, SliceDeath[]>();
  readonly #closeSlice: ReturnType<typeof makeSliceCloser>;
  readonly #observers: RunObservers;
  readonly #seconds: RunSeconds;
  readonly #generator = new GeneratorCounters();
  readonly #clocks = new SliceClocks();
  #incomplete = 0;
  readonly #requests = new RequestTotals();
  readonly #connections: ConnectionTotals;
  readonly #latencies = makeRunLatencies();
  readonly #connectedSendLag = new LatencyHistogram();
  readonly #parts: PartRecords;
  readonly #endings = new SliceEndings();
  readonly #failures = new FailureTotals();
  readonly #downlink: DownlinkTotals;
  readonly #actions: Announcement[] = [];
  readonly #appliedActions = new AppliedActions();
  readonly #holds: readonly HoldRecord[];

  constructor(plan: Plan, outline: RunOutline, rates: OwnRates, steps: readonly SearchStep[]) {
    this.#holds = steps.map((step) => new HoldRecord(plan, step));
    this.#plan = plan;
    this.#rates = rates;
    this.#outline = outline;
    this.#closeSlice = makeSliceCloser(plan, outline);
    this.#observers = new RunObservers(plan, outline);
    this.#downlink = new DownlinkTotals(plan);
    this.#seconds = new RunSeconds(plan);
    this.#parts = new PartRecords(plan);
    this.#connections = new ConnectionTotals(plan);
  }

  /**
   * @throws {CorruptMeasurementError} also for a slice or a leg that the plan does not have, or that has come before
   */
  addSlice(result: SliceResult): void {
    this.#checkLeg(result, 'A slice result');
    this.#rates.addSlice(result);
    this.#appliedActions.addSlice(result);
    const legs = this.#legs.get(result.slice) ?? [];
    const streams = this.#outline.streamsOf(result.slice);
    if (legs[result.leg] !== undefined)
      throw new CorruptMeasurementError(`A second result of slice ${result.slice}, leg ${result.leg},`);
    const group = groupOfSlice(this.#plan, result.slice);
    if (result.streams.length !== streams.length)
      throw new CorruptMeasurementError(`A slice result with ${result.streams.length} streams`);
    const { number, profile } = group;
    if (profile.messages !== undefined && result.streams.some(({ counts }) => counts === undefined))
      throw new CorruptMeasurementError('A slice result without counts of its kinds of message');
    legs[result.leg] = legTotalsOf(result, streams, settleMsOf(profile));
    this.#legs.set(result.slice, legs);
    this.#observers.addObserved(result);
    this.#downlink.addSlice(result);
    this.#failures.addSlice(number, result);
    this.#endings.addSlice(result);
    addSliceLatencies(this.#latencies, result);
    this.#connectedSendLag.mergeEncoded(result.connectedSendLag ?? result.latencies.send_lag);
    const isMqtt = profile.connect.protocol === 'mqtt';
    this.#parts.addSlice(number, result);
    this.#connections.addSlice(number, result);
    this.#seconds.addSlice(group, result);
    for (const hold of this.#holds) hold.addSlice(group, result);
    this.#incomplete += result.incomplete ?? 0;
    if (result.requests !== undefined) this.#requests.add(result.requests);
    this.#generator.add(result, isMqtt);
    this.#clocks.addSlice(result.slice, result.quickestEcho);
  }

  /** An action of the run: what was stored decides when it took effect, not when each slice received it. */
  addAction(action: Announcement): void {
    this.#actions.push(action);
    this.#endings.addAction(action);
    this.#connections.addAction(action);
  }

  /** Why a leg died; ignored if the leg stored its result. @throws {CorruptMeasurementError} for a slice the plan does not have */
  addDeath(death: SliceDeath): void {
    if (isSubscriberSlice(this.#plan, death.slice)) {
      this.#observers.subscribers.addDeath(death);
      return;
    }
    this.#checkLeg(death, 'The record of a death');
    const deaths = this.#deaths.get(death.slice) ?? [];
    deaths[death.leg] = death;
    this.#deaths.set(death.slice, deaths);
  }

  /** The same window a second time changes nothing. @throws {CorruptMeasurementError} also for an observer that the plan does not have */
  addWindow(window: ArrivalWindow): void {
    const { isNew, isPrimary } = this.#observers.addWindow(window);
    if (isNew) this.#seconds.addWindow(window, isPrimary);
    if (!isNew || !isPrimary) return;
    addArrivalLatencies(this.#latencies, window);
    this.#parts.addWindow(window);
    for (const hold of this.#holds) hold.addWindow(window);
    this.#clocks.addWindow(window);
  }

  /** How a slice was subscribed, in place of its earlier record. @throws {CorruptMeasurementError} for one that does not subscribe */
  addSubscriber(record: SubscriberRecord): void {
    if (!isSubscriberSlice(this.#plan, record.slice))
      throw new CorruptMeasurementError(`The record of a subscriber, of slice ${record.slice},`);
    this.#observers.subscribers.add(record);
  }

  /** Whether no subscriber of the run will store anything any more. */
  get haveSubscribersEnded(): boolean {
    return this.#observers.subscribers.haveEnded;
  }

  /** @throws {CorruptMeasurementError} for a slice or a leg that the plan does not have */
  #checkLeg({ slice, leg }: { readonly slice: number; readonly leg: number }, what: string): void {
    const { count } = this.#plan.slices;
    const isOf = (value: number, limit: number) => Number.isInteger(value) && value >= 0 && value < limit;
    if (!isOf(slice, count))
      throw new CorruptMeasurementError(`${what}, of slice ${slice} of a plan with ${count} slices,`);
    if (!isOf(leg, this.#outline.legsOf(slice).length))
      throw new CorruptMeasurementError(`${what}, of leg ${leg} of slice ${slice},`);
  }

  /** What the run came to: slices that have not ended are dead. @param backlog what the queues still hold */
  close(backlog: Backlog = emptyBacklog): RunLedger {
    return this.#closeAll(false, backlog);
  }

  /** What it comes to so far: slices that have not ended still run, and owe only what they had intended by then. */
  closeSoFar(): RunLedger {
    return this.#closeAll(true, emptyBacklog);
  }

  /**
   * The same of the messages that were due in a hold.
   * @param step one of those that the ledger was made with @param goesOn whether the run goes on
   */
  closeHold(step: SearchStep, goesOn: boolean, backlog: Backlog = emptyBacklog): HoldLedger {
    const hold = this.#holds.find((each) => each.step.step === step.step);
    if (hold === undefined) throw new RangeError(`step ${step.step} of a ledger that was made without it`);
    const run = this.#closeAll(goesOn, backlog, hold.part(this.#parts));
    return hold.close(run, this.#rates, (slice) => this.#deaths.has(slice));
  }

  #closeAll(goesOn: boolean, backlog: Backlog, part: LedgerPart = wholeRun(this.#parts)): RunLedger {
    const { stoppedOn } = this.#endings;
    const ending = { goesOn, stoppedAt: stoppedOn?.at };
    const downlink = this.#downlink.close();
    const closers = [...this.#observers.close(goesOn, backlog, downlink)];
    const { primary: seen, subscribers } = this.#observers;
    const primary = closers[0]?.[1] ?? seen.close();
    const commands = closers.find(([name]) => name === downlinkObserver)?.[1] ?? primary;
    const subscriberTotals = subscribers.totals();
    const comparer = compareObservers(this.#outline, closers);
    const slices = slicesHere(this.#plan);
    const outcomes = { planned: slices.length, completed: 0, stopped: 0, failed: 0, died: 0 };
    let miscountedSlices = 0;
    const groups = groupsOf(this.#plan).map((group) => {
      const totals = new GroupTotals(group, plannedPartOf(this.#plan, group, this.#rates));
      for (const slice of slicesOfGroupHere(this.#plan, group)) {
        const seenAt = isOfDevices(group) ? primary : commands;
        const entry = part.entryOf(slice, this.#closeSlice(slice, this.#recordOf(slice, seenAt), ending));
        totals.add(entry, part.attemptsOf(slice, this.#legs.get(slice)));
        totals.addMore(this.#rates.moreThanPlanned(slice));
        for (const [name, closer] of closers) totals.addSeen(name, closer.add(slice, entry.streams));
        if (isOfDevices(group)) comparer?.add(slice, entry.streams);
        outcomes[entry.outcome]++;
        miscountedSlices += Number(entry.isMiscounted);
      }
      const { number } = group;
      return {
        ...totals.totals(part.kindsOf(number), this.#failures.ofGroup(number)),
        ...part.group(number),
      };
    });
    const { messages, droppedBy, stages } = sumOfDevices(groups);
    const observers = Object.fromEntries(closers.map(([name, closer]) => [name, closer.ledger()]));
    const { due: _due, unrelated: _unrelated, unsent: _unsent, ...arrived } = primary.ledger();
    return {
      groups,
      actions: this.#actions,
      appliedActions: this.#appliedActions,
      plannedMessages: this.#outline.messages + this.#rates.moreOfAll(),
      acknowledged: deviceGroupsOf(this.#plan).every(isAcknowledged),
      devices: groups.map(({ devices }) => devices).reduce(sumFields),
      messages: { ...messages, ...arrived },
      observers,
      stages,
      slices: outcomes,
      sliceDiedBy: reasonsOfDeaths(this.#deaths, this.#legs),
      subscriberDiedBy: subscribers.diedBy(),
      droppedBy,
      deadLetteredBy: primary.deadLetteredBy,
      isNotReadExact: backlog.unreadMessages !== undefined,
      unaccountedBecause: this.#observers.unaccountedBecause(backlog),
      ...this.#failures.totals(),
      ...this.#endings.totals(),
      incomplete: groupsOf(this.#plan).some(isExactlyOnce) ? this.#incomplete : undefined,
      latencies: this.#latencies,
      connectedSendLag: this.#connectedSendLag,
      requests: this.#requests.totals(),
      ...this.#connections.totals((stream) => primary.arrivedOf(stream).received),
      ...(downlinkObserver in observers && {
        downlink: downlink.ledgers(),
        subscribeRefusedBy: this.#downlink.subscribeRefusedBy,
      }),
      ...this.#seconds.totals(stoppedOn && { at: stoppedOn.at, slices: outcomes.stopped }),
      startLagsMs: slices.map((slice) => startLagOf(this.#legs.get(slice))),
      stampResolutionMs: seen.stampResolutionMs,
      sliceClocks: this.#clocks.bounds(
        (slice, { stream = 0, n }) => seen.has({ slice, stream }, n),
        seen.stampResolutionMs,
      ),
      generator: this.#generator.totals(),
      windows: this.#observers.windowsOf(ruleObserver),
      redelivered: seen.redelivered,
      unrelated: seen.unrelated,
      ...(seen.wills !== undefined && { wills: seen.wills }),
      ...(subscriberTotals && { subscribers: subscriberTotals }),
      ...(comparer && { compared: comparer.comparison() }),
      inconsistencies: { miscountedSlices },
    };
  }

  #recordOf(slice: number, { arrivedOf }: ObserverCloser): SliceRecord {
    const legs = this.#legs.get(slice);
    const deaths = this.#deaths.get(slice);
    return {
      legs: this.#outline.legsOf(slice).map((_, leg) => ({
        totals: legs?.[leg],
        diedBy: deaths?.[leg] === undefined ? undefined : instantOfDeath(deaths[leg]),
      })),
      arrived: this.#outline.streamsOf(slice).map((_, stream) => arrivedOf({ slice, stream })),
    };
  }
}
