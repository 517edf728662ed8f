import type { SliceSnapshot } from '../live/live-slice.ts';
import { MemorySeries } from '../measure/memory-series.ts';
import type { SliceResult } from '../measure/slice-result.ts';
import type { Clock } from '../shared/clock.ts';
import type { CheckpointTimer } from './checkpoint-timer.ts';
import type { HealthMonitor } from './generator-health.ts';
import type { SliceNetwork } from './network/shaping/slice-network.ts';
import type { SliceCounters } from './slice-counters.ts';
import type { SliceSubscriptions } from './slice-subscriptions.ts';
import { isDecided, sumUndecided, type Undecided } from './stream-counters.ts';

export interface RecordSettings {
  readonly runId: string;
  readonly slice: number;
  readonly leg: number;
  readonly devices: number;
  readonly clock: Clock;
  readonly counters: SliceCounters;
  readonly health: HealthMonitor;
  readonly checkpoints: CheckpointTimer;
  /** The next one waits until this one is stored; a failure to store it is passed over. */
  readonly onCheckpoint: (result: SliceResult) => Promise<void>;
  readonly onSnapshot: (snapshot: SliceSnapshot) => void;
  /** By stream: what is due or in flight now. */
  readonly undecided: () => readonly Undecided[];
  readonly phaseAt: (nowMs: number) => SliceSnapshot['phase'];
  readonly subscriptions: Pick<SliceSubscriptions, 'result' | 'soFar'>;
  readonly network?: Pick<SliceNetwork, 'result'>;
}

export interface Ending {
  readonly outcome: 'completed' | 'stopped' | 'failed';
  readonly reason?: string;
}

/** What a slice reports of itself: a snapshot each second, its result so far at checkpoints, and its result at the end. */
export class SliceRecords {
  readonly #settings: RecordSettings;
  /** The epoch second that the next snapshot speaks of. */
  #second: number;
  #checkpoint: Promise<void> | undefined;
  readonly #memory = new MemorySeries();
  /** When the next tick is due, epoch milliseconds. */
  #tickDueAt = Number.POSITIVE_INFINITY;

  constructor(settings: RecordSettings) {
    this.#settings = settings;
    // The second before is reported at once, so that a slice is visible as soon as it runs.
    this.#second = Math.floor(settings.clock.now() / 1_000) - 1;
  }

  /** Settled once the checkpoint that is being stored is stored, or could not be. */
  get storing(): Promise<void> | undefined {
    return this.#checkpoint;
  }

  /** @param everyMs how long after its end the next one is due */
  tick(nowMs: number, everyMs: number): void {
    const { clock, counters, devices, checkpoints, onSnapshot } = this.#settings;
    counters.holds?.delayed(nowMs, Math.max(0, nowMs - this.#tickDueAt));
    if (nowMs >= (this.#second + 1) * 1_000) {
      // Messages that wait or are in flight are no problems yet: most end well.
      onSnapshot(this.#snapshot(this.#second, { nowMs, isOver: false }));
      this.#second++;
    }
    const allConnected = counters.connectedNow === devices;
    if (this.#checkpoint === undefined && checkpoints.isDue(nowMs, allConnected)) this.#storeCheckpoint();
    if (counters.holds !== undefined) this.#tickDueAt = clock.now() + everyMs;
  }

  /** The last snapshot, and the result. @param cutOff see `result` */
  end(ending: Ending, cutOff: readonly Undecided[]): SliceResult {
    const { clock, health, onSnapshot, undecided, subscriptions } = this.#settings;
    health.stop();
    const nowMs = clock.now();
    // First: it completes what the snapshot shows.
    const observed = subscriptions.result(nowMs);
    const isOver = ending.outcome === 'completed';
    onSnapshot(this.#snapshot(Math.floor(nowMs / 1_000), { nowMs, isOver }, undecided()));
    return this.#result(ending, cutOff, observed);
  }

  #storeCheckpoint(): void {
    const { onCheckpoint, undecided, subscriptions, clock } = this.#settings;
    const stored = (): void => {
      this.#checkpoint = undefined;
    };
    const result = this.#result({ outcome: 'running' }, undecided(), subscriptions.result(clock.now()));
    this.#checkpoint = onCheckpoint(result).then(stored, stored);
  }

  /** @param isOver nothing is waited for any more */
  #snapshot(
    second: number,
    { nowMs, isOver }: { readonly nowMs: number; readonly isOver: boolean },
    undecided?: readonly Undecided[],
  ): SliceSnapshot {
    const { slice, counters, health, phaseAt, subscriptions } = this.#settings;
    const { cpuShare, ...generator } = health.pulse();
    if (cpuShare !== undefined) counters.holds?.used(second, cpuShare);
    this.#memory.add(second, generator.rssBytes);
    return {
      slice,
      second,
      phase: phaseAt(nowMs),
      connectedNow: counters.connectedNow,
      usersNow: counters.perSecond.usersNow,
      devices: counters.devices(),
      messages: counters.messages(undecided),
      kinds: counters.kinds(undecided),
      fleet: subscriptions.soFar(nowMs, isOver),
      latencies: counters.closeInterval(),
      responseTime: counters.requests?.closeInterval(),
      generator,
    };
  }

  /** @param cutOff what counts as dropped or unacknowledged only because it was not waited for */
  #result(
    ending: Ending | { readonly outcome: 'running' },
    cutOff: readonly Undecided[],
    observed: ReturnType<SliceSubscriptions['result']>,
  ): SliceResult {
    const { runId, slice, leg, clock, counters, health, undecided, network } = this.#settings;
    const nowMs = clock.now();
    const allCutOff = sumUndecided(cutOff);
    return {
      version: 2,
      runId,
      slice,
      leg,
      ...ending,
      at: nowMs,
      ...counters.result(nowMs, undecided()),
      ...observed,
      ...(isDecided(allCutOff) ? {} : { undecided: allCutOff }),
      network: network?.result(),
      generator: { ...health.read(), clockBracketMs: clock.bracketMs, memory: this.#memory.encode() },
    };
  }
}
