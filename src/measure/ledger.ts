import type { LiveAction } from '../plan/actions/action.ts';
import { stopOf } from '../plan/actions/stop.ts';
import type { ControlMessage } from '../plan/control-message.ts';
import type { Plan, Slice } from '../plan/plan.ts';
import { sliceOf } from '../plan/slices.ts';
import type { ArrivalWindow } from './arrival-window.ts';
import { CorruptMeasurementError } from './corrupt-measurement.ts';
import { GeneratorCounters } from './generator-counters.ts';
import { countEncoded, IntervalSet } from './interval-set.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import {
  arrivalLatencyNames,
  type LatencyName,
  sliceLatencyNames,
  type TimedLatencyName,
} from './latency-names.ts';
import { LatencySeries } from './latency-series.ts';
import { MessageSets } from './message-sets.ts';
import type { CountsByReason } from './reason-counts.ts';
import { ReasonCounts } from './reason-counts.ts';
import type { RunLedger, SliceOutcomes } from './run-ledger.ts';
import { SecondSeries } from './second-series.ts';
import { SliceClocks } from './slice-clocks.ts';
import { instantOfDeath, reasonOfDeath, type SliceDeath } from './slice-death.ts';
import { makeSliceCloser, type SliceTotals } from './slice-entry.ts';
import { noMessages, type SliceResult } from './slice-result.ts';
import { type Backlog, divideMissing, emptyBacklog, uniteDeadLetters, unreadOf } from './unread-backlog.ts';

/** How far before and after a run's own time something of it may lie: clocks differ, queues may be backlogged. */
const seriesMarginMs = { before: 60_000, after: 900_000 } as const;

/** Messages of a window that the plan does not have, such as those of a forged envelope: a batch has at most 10,000. */
const maxUnplannedInWindow = 10_000;

/** Slice results and arrival windows go in one at a time, in any order, and may be forgotten; memory stays bounded. */
export function makeLedger(plan: Plan): Ledger {
  return new Ledger(plan);
}

export class Ledger {
  readonly #plan: Plan;
  readonly #acknowledged: boolean;
  readonly #books = new Map<number, SliceTotals>();
  readonly #closeSlice: ReturnType<typeof makeSliceCloser>;
  readonly #deaths = new Map<number, SliceDeath>();
  readonly #received = new MessageSets();
  readonly #windows = new Set<string>();
  readonly #series: SecondSeries;
  readonly #latencySeries: Readonly<Record<TimedLatencyName, LatencySeries>>;
  readonly #generator = new GeneratorCounters();
  readonly #clocks = new SliceClocks();
  readonly #latencies: Readonly<Record<LatencyName, LatencyHistogram>> = {
    connect: new LatencyHistogram(),
    puback_round_trip: new LatencyHistogram(),
    end_to_end_latency: new LatencyHistogram(),
    rule_latency: new LatencyHistogram(),
    transit: new LatencyHistogram(),
    echo_latency: new LatencyHistogram(),
    send_lag: new LatencyHistogram(),
  };
  readonly #devices = { connectFailed: 0, reconnects: 0 };
  #redelivered = 0;
  readonly #unrelated = { notJson: 0, noEnvelope: 0 };
  #arrivals = 0;
  #echoed = 0;
  /** Of the stored actions, and of the slices' own records: runs of before stored no actions. */
  #stop: ControlMessage | undefined;
  #lastSentAt: number | null = null;
  readonly #stoppedBy = new ReasonCounts();
  readonly #sliceFailedBy = new ReasonCounts();
  readonly #failedBy = new ReasonCounts();
  readonly #connectFailedBy = new ReasonCounts();
  readonly #disconnectedBy = new ReasonCounts();
  readonly #echoRefusedBy = new ReasonCounts();

  constructor(plan: Plan) {
    const { profile, timeline } = plan;
    this.#plan = plan;
    this.#closeSlice = makeSliceCloser(plan);
    this.#acknowledged = profile.connect.protocol === 'https' || profile.publish.qos === 1;
    const from = timeline.createdAt - seriesMarginMs.before;
    const to = timeline.deadlineAt + seriesMarginMs.after;
    this.#series = new SecondSeries(from, to);
    this.#latencySeries = {
      end_to_end_latency: new LatencySeries(from, to),
      puback_round_trip: new LatencySeries(from, to),
    };
  }

  /**
   * @throws {CorruptMeasurementError} also for a slice the plan does not have, or has had
   */
  addSlice(result: SliceResult): void {
    const slice = this.#sliceOf(result.slice, 'A slice result');
    if (this.#books.has(result.slice))
      throw new CorruptMeasurementError(`A second result of slice ${result.slice}`);
    this.#books.set(result.slice, {
      outcome: result.outcome,
      at: result.at,
      devices: result.devices,
      messages: result.messages,
      startLagMs: result.generator.startLagMs,
      droppedBy: result.droppedBy,
      ...(result.undecided === undefined ? {} : { undecided: result.undecided }),
      sent: IntervalSet.decode(result.sent, slice.messages),
    });
    this.#devices.connectFailed += result.devices.connectFailed;
    this.#devices.reconnects += result.devices.reconnects;
    this.#echoed += result.messages.echoed;
    this.#failedBy.addAll(result.failedBy);
    this.#connectFailedBy.addAll(result.connectFailedBy);
    this.#disconnectedBy.addAll(result.disconnectedBy);
    this.#echoRefusedBy.addAll(result.echoRefusedBy ?? {});
    if (result.outcome === 'stopped') {
      this.#stoppedBy.add(result.reason ?? 'no reason given');
      this.#addStop(result.stoppedOn);
    }
    this.#lastSentAt = latestOf(this.#lastSentAt, result.lastSentAt);
    if (result.outcome === 'failed') this.#sliceFailedBy.add(result.reason ?? 'no reason given');
    for (const name of sliceLatencyNames) this.#latencies[name].mergeEncoded(result.latencies[name]);
    this.#series.addSlice(result.perSecond);
    this.#latencySeries.puback_round_trip.add(result.latencyPerSecond?.puback_round_trip ?? {});
    this.#generator.add(result);
    this.#clocks.addSlice(result.slice, result.quickestEcho);
  }

  /** An action of the run: what was stored decides when it took effect, not when each slice received it. */
  addAction(action: LiveAction): void {
    this.#addStop(stopOf(action));
  }

  /** What a slice died of; nothing where it left its result all the same. @throws {CorruptMeasurementError} for a slice the plan does not have */
  addDeath(death: SliceDeath): void {
    this.#sliceOf(death.slice, 'The record of a death');
    this.#deaths.set(death.slice, death);
  }

  /** The same window a second time changes nothing. @throws {CorruptMeasurementError} */
  addWindow(window: ArrivalWindow): void {
    if (this.#windows.has(window.window)) return;
    this.#windows.add(window.window);
    this.#checkSeen(window);
    this.#arrivals += window.arrivals;
    this.#redelivered += window.redelivered ?? 0;
    this.#unrelated.notJson += window.unrelated.notJson;
    this.#unrelated.noEnvelope += window.unrelated.noEnvelope;
    for (const [slice, numbers] of Object.entries(window.seen)) {
      this.#received.addEncoded(Number(slice), numbers);
    }
    for (const name of arrivalLatencyNames) this.#latencies[name].mergeEncoded(window.latencies[name]);
    this.#clocks.addWindow(window);
    this.#series.addArrivals(window.perSecond.startSecond, window.perSecond.arrivals);
    this.#latencySeries.end_to_end_latency.add(window.latencyPerSecond?.end_to_end_latency ?? {});
  }

  #sliceOf(slice: number, what: string): Slice {
    const { count } = this.#plan.slices;
    if (Number.isInteger(slice) && slice >= 0 && slice < count) return sliceOf(this.#plan, slice);
    throw new CorruptMeasurementError(`${what}, of slice ${slice} of a plan with ${count} slices,`);
  }

  /** A window holds no more numbers than messages, and a short list of numbers can stand for more than memory holds. */
  #checkSeen({ seen, arrivals }: ArrivalWindow): void {
    const count = Object.values(seen).reduce((sum, numbers) => sum + countEncoded(numbers), 0);
    if (count <= arrivals && count <= this.#plan.load.messages + maxUnplannedInWindow) return;
    throw new CorruptMeasurementError(
      `An arrival window of ${arrivals} messages with ${count} message numbers`,
    );
  }

  /** What the run came to: slices that have not ended are dead. @param backlog what the queues still hold */
  close(backlog: Backlog = emptyBacklog): RunLedger {
    return this.#closeAll(false, backlog);
  }

  /** What it comes to so far: slices that have not ended still run, and owe only what they had intended by then. */
  closeSoFar(): RunLedger {
    return this.#closeAll(true, emptyBacklog);
  }

  #closeAll(goesOn: boolean, backlog: Backlog): RunLedger {
    const { slices, profile } = this.#plan;
    // A stop that came after the end of every slice has stopped nothing.
    const stoppedOn = this.#stoppedBy.isEmpty ? undefined : this.#stop;
    const ending = { goesOn, stoppedAt: stoppedOn?.at, acknowledged: this.#acknowledged };
    const droppedBy = new ReasonCounts();
    const { deadLetters, deadLetteredBy } = uniteDeadLetters(backlog, this.#received);
    const sum = { ...noMessages, sendUnknown: 0, ackUnknown: 0, received: 0, deadLettered: 0, missing: 0 };
    const devices = { planned: profile.devices, connected: 0, unknown: 0, ...this.#devices };
    const stages = profile.stages.map(() => ({ intended: 0, sent: 0 }));
    let echoesDue = 0;
    let receivedUnsent = 0;
    let miscountedSlices = 0;
    let cutOff = 0;
    for (let slice = 0; slice < slices.count; slice++) {
      const book = this.#books.get(slice);
      const arrived = { received: this.#received.of(slice), deadLettered: deadLetters.of(slice) };
      const entry = this.#closeSlice(slice, { book, arrived, diedBy: this.#diedBy(slice) }, ending);
      const { messages } = entry;
      for (const column of Object.keys(messages) as (keyof typeof messages)[])
        sum[column] += messages[column];
      droppedBy.addAll(entry.droppedBy);
      devices.connected += entry.connected;
      devices.unknown += entry.devicesUnknown;
      echoesDue += entry.echoesDue;
      for (const [i, counts] of entry.stages.entries()) {
        stages[i]!.intended += counts.intended;
        stages[i]!.sent += counts.sent;
      }
      receivedUnsent += messages.received + messages.deadLettered + messages.missing - messages.sent;
      if (book !== undefined && book.messages.sent !== book.sent.count) miscountedSlices++;
      if (book?.outcome === 'stopped') cutOff += book.undecided?.inFlight ?? 0;
    }
    const foreignSlices = slices.count;
    sum.received += this.#received.from(foreignSlices);
    sum.deadLettered += deadLetters.from(foreignSlices);
    receivedUnsent += this.#received.from(foreignSlices) + deadLetters.from(foreignSlices);
    const { echoed: _, missing, ...messages } = sum;
    return {
      plannedMessages: this.#plan.load.messages,
      acknowledged: this.#acknowledged,
      devices,
      messages: {
        ...messages,
        ...divideMissing(missing, { ...backlog, unread: unreadOf(backlog, this.#received, deadLetters) }),
        arrivals: this.#arrivals,
        duplicates: this.#arrivals - messages.received,
      },
      echoed: this.#echoed,
      echoesDue,
      stages,
      cutOff,
      slices: this.#outcomes(),
      knownUntil: this.#knownUntil(),
      stoppedBy: this.#stoppedBy.counts(),
      ...(stoppedOn === undefined ? {} : { stoppedOn }),
      lastSentAt: this.#lastSentAt,
      sliceFailedBy: this.#sliceFailedBy.counts(),
      sliceDiedBy: this.#sliceDiedBy(),
      droppedBy: droppedBy.counts(),
      deadLetteredBy,
      unaccountedBecause: backlog.unseenBecause,
      failedBy: this.#failedBy.counts(),
      connectFailedBy: this.#connectFailedBy.counts(),
      disconnectedBy: this.#disconnectedBy.counts(),
      echoRefusedBy: this.#echoRefusedBy.counts(),
      latencies: this.#latencies,
      perSecond: this.#series.series(),
      latencySeries: this.#latencySeries,
      startLagsMs: Array.from(
        { length: this.#plan.slices.count },
        (_, slice) => this.#books.get(slice)?.startLagMs ?? null,
      ),
      sliceClocks: this.#clocks.bounds((slice, n) => this.#received.of(slice).has(n)),
      generator: this.#generator.totals(),
      windows: this.#windows.size,
      redelivered: this.#redelivered,
      unrelated: { ...this.#unrelated },
      inconsistencies: { receivedUnsent, miscountedSlices },
    };
  }

  #addStop(stop: ControlMessage | undefined): void {
    if (stop !== undefined && (this.#stop === undefined || stop.at < this.#stop.at)) this.#stop = stop;
  }

  #sliceDiedBy(): CountsByReason {
    const reasons = new ReasonCounts();
    for (const [slice, death] of this.#deaths) {
      const outcome = this.#books.get(slice)?.outcome ?? 'running';
      if (outcome === 'running') reasons.add(reasonOfDeath(death));
    }
    return reasons.counts();
  }

  #outcomes(): SliceOutcomes {
    const outcomes = { planned: this.#plan.slices.count, completed: 0, stopped: 0, failed: 0, died: 0 };
    for (const { outcome } of this.#books.values()) {
      outcomes[outcome === 'running' ? 'died' : outcome]++;
    }
    outcomes.died += outcomes.planned - this.#books.size;
    return outcomes;
  }

  #diedBy(slice: number): number | undefined {
    const death = this.#deaths.get(slice);
    return death === undefined ? undefined : instantOfDeath(death);
  }

  /** Of slices that left no end: up to when each is known. */
  #knownUntil(): readonly number[] {
    const unended = [...this.#books.values()].filter(({ outcome }) => outcome === 'running');
    return unended.map(({ at }) => at).sort((a, b) => a - b);
  }
}

function latestOf(known: number | null, next: number | undefined): number | null {
  if (next === undefined) return known;
  return known === null ? next : Math.max(known, next);
}
