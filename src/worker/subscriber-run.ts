import { type HealthMonitor, watchGeneratorHealth } from '../device/generator-health.ts';
import { Subscriber, type SubscriberSettings } from '../device/subscriber.ts';
import type { ArrivalWindow } from '../measure/arrival-window.ts';
import type { SubscriberRecord } from '../measure/subscriber-record.ts';
import { quietMs } from '../measure/subscriber-watch.ts';
import { arrivalWindowMs, checkpointEveryMs } from '../plan/poll-intervals.ts';
import { WindowQueue } from './window-queue.ts';

export interface SubscriberRunSettings extends Omit<SubscriberSettings, 'onRefused'> {
  storeWindow(window: ArrivalWindow): Promise<void>;
  storeRecord(record: SubscriberRecord): Promise<void>;
  /** Ends sessions that outlive their connections. @returns how often it connected for that */
  endSessions(): Promise<number>;
}

const tickEveryMs = 100;
/** After a stop, for messages in flight, unless the drain is shorter. */
const stopDrainMs = 3_000;
/** Kept free before the deadline, for closing connections and storing what came. */
const deadlineReserveMs = 4_000;
/** A subscriber that is not subscribed so soon after publishing began sees too little of the run for it to go on. */
const subscribedWithinMs = 5_000;

type Ending = Pick<SubscriberRecord, 'outcome' | 'reason'>;

/**
 * A subscriber from its start to its end: until the drain is over and nothing comes any more, until the run is stopped, or until the
 * deadline. What comes is stored every second, and how it was subscribed now and then.
 */
export class SubscriberRun {
  readonly #settings: SubscriberRunSettings;
  readonly #subscriber: Subscriber;
  readonly #health: HealthMonitor;
  readonly #windows: WindowQueue;
  readonly #end = Promise.withResolvers<Ending>();
  #refusal: string | undefined;
  #stoppedBecause: string | undefined;
  #endAt: number;
  #windowAt: number;
  #checkpointAt: number;
  #checkpoint: Promise<void> = Promise.resolve();
  #isStoring = false;

  constructor(settings: SubscriberRunSettings) {
    const { plan, clock } = settings;
    this.#settings = settings;
    this.#subscriber = new Subscriber({
      ...settings,
      onRefused: (reason) => {
        this.#refusal ??= `the target refused its subscription (${reason})`;
      },
    });
    this.#health = watchGeneratorHealth(Math.max(0, clock.now() - plan.timeline.publishAt));
    this.#windows = new WindowQueue(settings.storeWindow, clock);
    this.#endAt = plan.timeline.drainEndAt;
    this.#windowAt = clock.now() + arrivalWindowMs;
    this.#checkpointAt = clock.now() + checkpointEveryMs(plan);
  }

  /** Ends it once what is in flight has come. */
  stop(reason: string): void {
    const { clock, plan } = this.#settings;
    if (this.#stoppedBecause !== undefined) return;
    this.#stoppedBecause = reason;
    this.#endAt = Math.min(this.#endAt, clock.now() + Math.min(stopDrainMs, plan.profile.drainMs));
  }

  /** @returns what was stored last: how it ended */
  async run(): Promise<SubscriberRecord> {
    this.#subscriber.start();
    this.#tick();
    const ending = await this.#end.promise;
    const endedAt = this.#settings.clock.now();
    await this.#subscriber.close();
    this.#cutWindow();
    const [unstored, connects] = await Promise.all([
      this.#windows.close(),
      this.#settings.endSessions(),
      this.#checkpoint,
    ]);
    const outcome: Ending =
      unstored === undefined
        ? ending
        : { outcome: 'failed', reason: `the run store did not take its arrival windows (${unstored})` };
    const measured = this.#recordAt(endedAt, outcome);
    const record = { ...measured, connects: measured.connects + connects };
    this.#health.stop();
    await this.#settings.storeRecord(record);
    return record;
  }

  #tick(): void {
    const { clock, plan } = this.#settings;
    const nowMs = clock.now();
    if (nowMs >= this.#windowAt) {
      this.#windowAt = nowMs + arrivalWindowMs;
      this.#health.pulse();
      this.#cutWindow();
    }
    if (nowMs >= this.#checkpointAt && !this.#isStoring) {
      this.#checkpointAt = nowMs + checkpointEveryMs(plan);
      this.#checkpoint = this.#storeCheckpoint(nowMs);
    }
    const ending = this.#endingAt(nowMs);
    if (ending === undefined) clock.setTimer(tickEveryMs, () => this.#tick());
    else this.#end.resolve(ending);
  }

  #cutWindow(): void {
    const window = this.#subscriber.takeWindow();
    if (window !== undefined) this.#windows.add(window);
  }

  /** One that is not stored is passed over: the next one says the same and more. */
  async #storeCheckpoint(nowMs: number): Promise<void> {
    this.#isStoring = true;
    try {
      await this.#settings.storeRecord(this.#recordAt(nowMs, { outcome: 'running' }));
    } catch {
      // The last record is stored, or the slice fails.
    } finally {
      this.#isStoring = false;
    }
  }

  #recordAt(at: number, ending: Ending): SubscriberRecord {
    const { plan, slice } = this.#settings;
    return {
      version: 1,
      runId: plan.runId,
      slice,
      ...ending,
      at,
      ...this.#subscriber.record(),
      health: this.#health.read(),
    };
  }

  #endingAt(nowMs: number): Ending | undefined {
    const { timeline } = this.#settings.plan;
    if (this.#refusal !== undefined) return { outcome: 'failed', reason: this.#refusal };
    const isLate = nowMs > timeline.publishAt + subscribedWithinMs;
    if (isLate && !this.#subscriber.wasSubscribed)
      return { outcome: 'failed', reason: `it could not subscribe in time${this.#subscriber.mostlyBecause}` };
    const isDue = nowMs >= this.#endAt && this.#hasAll(nowMs);
    if (!isDue && nowMs < timeline.deadlineAt - deadlineReserveMs) return undefined;
    return this.#stoppedBecause === undefined
      ? { outcome: 'completed' }
      : { outcome: 'stopped', reason: this.#stoppedBecause };
  }

  /** Nothing comes any more, and the broker, if it publishes its counts, has counted what came. */
  #hasAll(nowMs: number): boolean {
    const { lastArrivalAt = 0, lastSampleAt } = this.#subscriber;
    if (nowMs - lastArrivalAt < quietMs) return false;
    return lastSampleAt === undefined || this.#stoppedBecause !== undefined || lastSampleAt > lastArrivalAt;
  }
}
