import { leastBetweenConnectsMs } from '../plan/account.ts';
import type { Slice } from '../plan/plan.ts';
import { type Backoff, defaultBackoff } from '../profile/backoff.ts';
import { connectsEachMessage } from '../profile/lifecycle-kinds.ts';
import type { DisconnectKind } from '../profile/planned-action.ts';
import type { Clock } from '../shared/clock.ts';
import type { Random } from '../shared/random.ts';
import { reconnectDelayMs } from './backoff.ts';
import type { CycleListener, CycleSettings, DeviceCycles } from './device-cycles.ts';
import { DeviceTimers } from './device-timers.ts';
import { type PacedWork, Pacer } from './pacer.ts';
import { makeCycles } from './sleep-cycles.ts';
import type { SliceCounters } from './slice-counters.ts';
import type { Transport } from './transport.ts';

export interface ConnectionSettings extends CycleSettings {
  readonly transport: Transport;
  /** For the delays before another attempt. */
  readonly random: Random;
  readonly counters: SliceCounters;
  /** When a device first connects, epoch milliseconds: in the order of their numbers. */
  readonly turnAt: (device: number) => number;
  /** A new device is in the place of this one. */
  readonly onReplaced: (device: number, life: number) => void;
}

/** What a connection is ended for: an action, or because its device needs none any more. */
const endsFor = { action: 1, cycle: 2 } as const;

/** Whose an attempt to connect is: the device's, that of one which the device has replaced meanwhile, or to where the device no longer is. */
const attemptOf = { device: 1, replaced: 2, moved: 3 } as const;

/**
 * Keeps the slice's devices connected: each connects at its turn, and again, after a random delay that grows with its
 * failures, whenever it could not or lost its connection, until the slice ends.
 */
export class Connections implements PacedWork, CycleListener {
  readonly #clock: Clock;
  readonly #settings: ConnectionSettings;
  readonly #transport: Transport;
  readonly #random: Random;
  readonly #counters: SliceCounters;
  readonly #pacer: Pacer;
  readonly #backoff: Backoff;
  /** From the answer to a device's attempt to the next attempt at least. */
  readonly #leastBetweenMs: number;
  /** Whether there is a connection to speak of, whose making is worth measuring: over MQTT. */
  readonly #isMeasured: boolean;
  /** By device: when its last attempt began, and how many in a row have failed. */
  readonly #attemptedAt: Float64Array;
  readonly #failedInARow: Uint8Array;
  /** By device: when its last attempt was answered, or failed. */
  readonly #answeredAt: Float64Array;
  /** By device: while an attempt has no answer, whose it is; else 0. */
  readonly #isUnderWay: Uint8Array;
  /** By device: 1 while it has a connection that is not to end. */
  readonly #isConnected: Uint8Array;
  /** By device: from when its connection is to end until it has, for what it ends; else 0. */
  readonly #isEnding: Uint8Array;
  /** By device: 1 from when it woke until it is connected. */
  readonly #isReturning: Uint8Array;
  /** By device: from when it has been without a connection that it should have, epoch milliseconds; 0: it is not, or never had one. */
  readonly #missingSince: Float64Array;
  /** Devices that were made silent: when they notice, epoch milliseconds. */
  readonly #noticesAt = new Map<number, number>();
  /** By device: its next attempt, or the end of a connection that it made asleep. */
  readonly #timers: DeviceTimers;
  readonly #connectsEachMessage: boolean;
  readonly cycles: DeviceCycles;
  #stopped = false;

  constructor(settings: ConnectionSettings) {
    this.#clock = settings.clock;
    this.#settings = settings;
    this.#timers = new DeviceTimers(settings.clock);
    this.#transport = settings.transport;
    this.#random = settings.random;
    this.#counters = settings.counters;
    const { devices, group } = settings.slice;
    const { connect } = group.profile;
    this.#backoff = connect.backoff ?? defaultBackoff;
    this.#leastBetweenMs = leastBetweenConnectsMs(settings.plan);
    this.#isMeasured = connect.protocol === 'mqtt';
    this.#attemptedAt = new Float64Array(devices);
    this.#answeredAt = new Float64Array(devices);
    this.#failedInARow = new Uint8Array(devices);
    this.#isUnderWay = new Uint8Array(devices);
    this.#isConnected = new Uint8Array(devices);
    this.#isEnding = new Uint8Array(devices);
    this.#isReturning = new Uint8Array(devices);
    this.#missingSince = new Float64Array(devices);
    this.#connectsEachMessage = connectsEachMessage(group.profile);
    this.cycles = makeCycles(settings, this);
    this.#pacer = new Pacer(settings.clock, this);
  }

  get count(): number {
    return this.#settings.slice.devices;
  }

  start(): void {
    this.cycles.start();
    this.#pacer.start();
  }

  stop(): void {
    this.#stopped = true;
    this.#pacer.stop();
    this.cycles.stop();
    this.#timers.cancelAll();
  }

  /** Counts attempts without an answer at the slice's end as failed: the service may have let these devices in. */
  giveUp(): void {
    for (const [device, isUnderWay] of this.#isUnderWay.entries()) {
      if (isUnderWay === 0) continue;
      this.#isUnderWay[device] = 0;
      this.#counters.connectFailed('no answer before the slice ended', this.#clock.now());
    }
  }

  readonly dueAt = (device: number): number => this.#settings.turnAt(device);

  readonly due = (device: number): void => this.#connectIfFree(device);

  /** A message of the device waits: one that is connected for each message needs a connection. */
  messageWaits(device: number): void {
    if (this.#connectsEachMessage) this.woke(device);
  }

  woke(device: number): void {
    if (this.#stopped || this.#isConnected[device] === 1) return;
    if (this.#isReturning[device] === 0) this.#missingSince[device] = this.#clock.now();
    this.#isReturning[device] = 1;
    this.#connectIfFree(device);
  }

  /** Connects a device that is to be connected and is not, as soon as the target lets its client id. */
  #connectIfFree(device: number): void {
    const isBusy =
      this.#isConnected[device] === 1 || this.#isUnderWay[device] !== 0 || this.#isEnding[device] !== 0;
    if (isBusy || this.#timers.has(device) || this.cycles.isAsleep(device)) return;
    const delayMs = this.#answeredAt[device]! + this.#leastBetweenMs - this.#clock.now();
    if (delayMs <= 0) this.#connect(device);
    else this.#timers.set(device, delayMs, () => this.#connectIfFree(device));
  }

  fellAsleep(device: number): void {
    this.#timers.cancel(device);
    this.#isReturning[device] = 0;
    this.#missingSince[device] = 0;
    if (this.#isConnected[device] === 1) this.#end(device, this.cycles.disconnect, endsFor.cycle);
  }

  replaced(device: number, life: number): void {
    // Another client id, with nothing behind it.
    this.#answeredAt[device] = 0;
    this.#failedInARow[device] = 0;
    if (this.#isUnderWay[device] !== 0) this.#isUnderWay[device] = attemptOf.replaced;
    if (this.#isConnected[device] === 1) this.#end(device, this.cycles.disconnect, endsFor.cycle);
    this.#settings.onReplaced(device, life);
  }

  /** The device needs its connection no more, or needs another. The transport may not end it while it reports why. */
  served(device: number): void {
    if (this.#stopped) return;
    this.#timers.set(device, 0, () => {
      if (this.#isConnected[device] === 1) this.#end(device, this.cycles.disconnect, endsFor.cycle);
      else this.#connectIfFree(device);
    });
  }

  /** Which devices are to be connected can change at any instant. */
  get dueUntil(): number {
    return Number.NEGATIVE_INFINITY;
  }

  amended(slice: Slice): void {
    if (!this.#stopped) this.cycles.amended(slice);
  }

  /** A device ends its connection to connect again; one without is about to. @param dueAt its turn, epoch milliseconds */
  reconnect(device: number, dueAt: number): void {
    if (this.#stopped || this.#isConnected[device] === 0) return;
    this.#counters.holds?.tookTurn(dueAt);
    this.#end(device, this.cycles.disconnect, endsFor.cycle);
  }

  tickEnd(): void {}

  /** @returns whether the device may use its connection: false if that is of a device which it has replaced */
  connected(device: number): boolean {
    const nowMs = this.#clock.now();
    const attempt = this.#isUnderWay[device];
    this.#isUnderWay[device] = 0;
    this.#isConnected[device] = 1;
    const connectMs = this.#isMeasured ? nowMs - this.#attemptedAt[device]! : undefined;
    const isAgain = this.#counters.connected(device, nowMs, connectMs);
    const movedAt = this.#settings.takesOver?.at(device);
    if (!isAgain && movedAt !== undefined) this.#counters.tookOver(device, nowMs, nowMs - movedAt);
    if (attempt === attemptOf.replaced) {
      this.served(device);
      return false;
    }
    if (attempt === attemptOf.moved) {
      this.#timers.set(device, 0, () => this.lose(device, 'drop'));
      return false;
    }
    this.#failedInARow[device] = 0;
    this.#answeredAt[device] = nowMs;
    const wasDisconnected = this.#isMeasured && this.#counters.storms.connected(device, nowMs);
    if (wasDisconnected || this.#isReturning[device] === 1) this.#counters.returned(device, nowMs);
    this.#isReturning[device] = 0;
    const missingSince = this.#missingSince[device]!;
    this.#missingSince[device] = 0;
    if (isAgain && this.#isMeasured && missingSince > 0)
      this.#counters.reconnected(nowMs - missingSince, nowMs);
    // Its attempt was under way when it fell asleep. The transport may not end a connection while it reports it.
    if (!this.#stopped && this.cycles.isAsleep(device))
      this.#timers.set(device, 0, () =>
        this.cycles.isAsleep(device) ? this.fellAsleep(device) : this.#connectIfFree(device),
      );
    return true;
  }

  connectFailed(device: number, reason: string): void {
    const isOwn = this.#isUnderWay[device] !== attemptOf.replaced;
    this.#isUnderWay[device] = 0;
    this.#counters.connectFailed(reason, this.#clock.now());
    if (!isOwn) {
      this.served(device);
      return;
    }
    this.#answeredAt[device] = this.#clock.now();
    this.#failedInARow[device] = Math.min(this.#failedInARow[device]! + 1, 255);
    this.#retryLater(device);
  }

  disconnected(device: number, reason: string): void {
    this.#isConnected[device] = 0;
    const wasOver = this.#isEnding[device] === endsFor.cycle;
    this.#isEnding[device] = 0;
    const nowMs = this.#clock.now();
    this.#counters.disconnected(nowMs, this.cycles.hasLeft(device) ? undefined : reason);
    if (this.#stopped || this.cycles.isAsleep(device)) return;
    if (this.#missingSince[device] === 0) this.#missingSince[device] = nowMs;
    // It is needed again since: it does not come back from a failure.
    if (wasOver) {
      this.#isReturning[device] = 1;
      this.#connectIfFree(device);
    } else this.#retryLater(device);
  }

  /**
   * Ends a device's connection; the device comes back by its backoff. Nothing happens where it has none: it comes back as it would have.
   * @param unnoticedMs how long it does not notice @returns whether it was connected
   */
  lose(device: number, how: DisconnectKind, unnoticedMs = 0): boolean {
    if (this.#isConnected[device] === 0) return false;
    if (unnoticedMs > 0) this.#noticesAt.set(device, this.#clock.now() + unnoticedMs);
    this.#end(device, how, endsFor.action);
    return true;
  }

  /** The device connects to another service from now on, which has had no attempt of it. @returns as of `lose` */
  moved(device: number): boolean {
    this.#answeredAt[device] = 0;
    if (this.#isUnderWay[device] === attemptOf.device) this.#isUnderWay[device] = attemptOf.moved;
    return this.lose(device, 'drop');
  }

  #end(device: number, how: DisconnectKind, what: (typeof endsFor)[keyof typeof endsFor]): void {
    this.#isConnected[device] = 0;
    this.#isEnding[device] = what;
    this.#transport.disconnect(device, how);
  }

  #connect(device: number): void {
    const nowMs = this.#clock.now();
    this.#attemptedAt[device] = nowMs;
    if (this.#isMeasured) this.#counters.storms.attempted(device, nowMs);
    this.#isUnderWay[device] = attemptOf.device;
    this.#transport.connect(device);
  }

  #retryLater(device: number): void {
    const nowMs = this.#clock.now();
    const unnoticedMs = (this.#noticesAt.get(device) ?? nowMs) - nowMs;
    this.#noticesAt.delete(device);
    if (this.#stopped || this.cycles.isAsleep(device)) return;
    const failed = {
      failedInARow: this.#failedInARow[device]!,
      sinceLastAnswerMs: nowMs + unnoticedMs - this.#answeredAt[device]!,
      leastMs: this.#leastBetweenMs,
    };
    const delayMs = unnoticedMs + reconnectDelayMs(this.#backoff, failed, this.#random);
    this.#timers.set(device, delayMs, () => this.#connectIfFree(device));
  }
}
