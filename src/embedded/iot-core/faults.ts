import type { FaultEvent } from '../../plan/conditions.ts';
import {
  type ConnectRefusal,
  type FaultSettings,
  noFaults,
  type ServiceTime,
} from '../../profile/service-faults.ts';
import type { Random } from '../../shared/random.ts';
import type { CancelTimer, Clock } from './broker-clock.ts';
import { drawDelayMs, drawMs, faultStreamsOf } from './delay.ts';
import type { FaultReport } from './fault-report.ts';
import { connectRefusals } from './mqtt/protocol.ts';

/** Ends some of the connections of clients whose id begins so. @returns how many */
export type DisconnectSome = (
  clients: string,
  howMany: (candidates: number) => number,
  random: Random,
) => number;

/** The interval at which `disconnectPerMinute` takes effect, milliseconds. */
const disconnectPeriodMs = 1_000;

/** Decides which faults occur and counts them. The caller carries them out. */
export class Faults {
  readonly #clock: Clock;
  readonly #onPause: ((paused: boolean) => void)[] = [];
  readonly #counts = {
    droppedDeliveries: 0,
    duplicatedDeliveries: 0,
    delayedDeliveries: 0,
    delayedDeliveriesMs: 0,
    deliveriesInFlight: 0,
    servedDeliveries: 0,
    servedDeliveriesMs: 0,
    waitedDeliveriesMs: 0,
    refusedDeliveries: 0,
    droppedAcks: 0,
    delayedAcks: 0,
    delayedAcksMs: 0,
    delayedOutbound: 0,
    delayedOutboundMs: 0,
    disconnected: 0,
    refusedConnects: 0,
    pauses: 0,
  };
  /** Deliveries are as they should be: neither doubled nor late. */
  deliversPlainly = true;
  #waiting: (() => void)[] = [];
  #disconnectSome: DisconnectSome = () => 0;
  #stopDisconnecting: CancelTimer | undefined;
  /** Fraction of a connection still to be disconnected, 0–1. */
  #remainder = 0;
  #settings = noFaults;
  readonly #events: FaultEvent[] = [];
  #hasBegun = false;
  #random = faultStreamsOf(noFaults.seed);
  #pausedMs = 0;
  /** Epoch milliseconds; 0: not paused. */
  #pausedSince = 0;
  #pausedUntil = 0;
  /** End of the last pause, epoch milliseconds; 0: there was none. */
  resumedAtMs = 0;

  constructor(clock: Clock, settings: FaultSettings) {
    this.#clock = clock;
    this.change(settings);
  }

  get paused(): boolean {
    return this.#pausedSince !== 0;
  }

  /** How long a batch is held back that is not full, milliseconds. */
  get queueHoldMs(): number {
    return this.#settings.queueHoldMs;
  }

  /** Takes effect with the next message; the streams begin anew at the seed. Counts go on. */
  change(settings: FaultSettings): void {
    this.#log(settings);
    this.#settings = settings;
    this.deliversPlainly = settings.duplicateDeliveries === 0 && settings.deliveryDelay === 0;
    this.#random = faultStreamsOf(settings.seed);
    // The seconds go on: changes that come faster than they would otherwise keep every client connected.
    if (settings.disconnectPerMinute === 0) this.close();
    else if (this.#stopDisconnecting === undefined) this.#disconnectSoon();
  }

  /** Whether the rule's next delivery vanishes; counts it if so. */
  dropsDelivery(): boolean {
    return this.#happens('droppedDeliveries', this.#settings.dropDeliveries, this.#random.drops);
  }

  /** Whether the rule's next delivery comes twice; counts it if so. */
  duplicatesDelivery(): boolean {
    return this.#happens('duplicatedDeliveries', this.#settings.duplicateDeliveries, this.#random.duplicates);
  }

  /** Makes the next delivery when it is due. @returns false if that is now, and nothing was done */
  delaysDelivery(makeDelivery: () => () => void): boolean {
    const delayMs = drawDelayMs(this.#settings.deliveryDelay, this.#random.deliveryDelays);
    if (delayMs === 0) return false;
    this.#counts.delayedDeliveries++;
    this.#counts.delayedDeliveriesMs += delayMs;
    this.#counts.deliveriesInFlight++;
    const deliver = makeDelivery();
    this.after(delayMs, () => {
      this.#counts.deliveriesInFlight--;
      deliver();
    });
    return true;
  }

  /** The service behind the rule; 0: there is none. */
  get serviceTime(): ServiceTime | 0 {
    return this.#settings.serviceTime;
  }

  /** How long a server takes for the next message, milliseconds, fractions included. */
  drawServiceMs({ timeMs }: ServiceTime): number {
    return drawMs(timeMs, this.#random.serviceTimes);
  }

  /** The service took a message: it waits for so long, and is served for so long. */
  countServed(waitMs: number, serviceMs: number): void {
    this.#counts.servedDeliveries++;
    this.#counts.servedDeliveriesMs += serviceMs;
    this.#counts.waitedDeliveriesMs += waitMs;
    this.#counts.deliveriesInFlight++;
  }

  /** A message that the service took is in the rule's queue. */
  countDeparted(): void {
    this.#counts.deliveriesInFlight--;
  }

  /** The service's queue was full. */
  countRefusedDelivery(): void {
    this.#counts.refusedDeliveries++;
  }

  /** Whether the next PUBACK is not sent; counts it if so. */
  dropsAck(): boolean {
    return this.#happens('droppedAcks', this.#settings.dropAcks, this.#random.acks);
  }

  /** How long the next acknowledgement is held back, whole milliseconds; counts it if it is. */
  drawAckDelayMs(): number {
    if (this.#settings.ackDelay === 0) return 0;
    const delayMs = drawDelayMs(this.#settings.ackDelay, this.#random.ackDelays);
    if (delayMs > 0) this.#counts.delayedAcks++;
    this.#counts.delayedAcksMs += delayMs;
    return delayMs;
  }

  get delaysOutbound(): boolean {
    return this.#settings.outboundDelay !== 0;
  }

  /** How long the next message to a client is held back, whole milliseconds. */
  drawOutboundDelayMs(): number {
    return drawDelayMs(this.#settings.outboundDelay, this.#random.outboundDelays);
  }

  /** A message was held back for so long. */
  countOutbound(heldMs: number): void {
    this.#counts.delayedOutbound++;
    this.#counts.delayedOutboundMs += heldMs;
  }

  /** Of a publish over HTTP. */
  delayAnswer(): Promise<void> | undefined {
    const delayMs = this.drawAckDelayMs();
    return delayMs === 0 ? undefined : new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** What the client's CONNECT is refused with, if it is; counts it if so. */
  refusesConnect(clientId: string): (typeof connectRefusals)[ConnectRefusal] | undefined {
    const { refuseConnects, refuseWith, clients } = this.#settings;
    if (refuseConnects === 0 || !clientId.startsWith(clients)) return undefined;
    if (!this.#happens('refusedConnects', refuseConnects, this.#random.refusals)) return undefined;
    return connectRefusals[refuseWith];
  }

  /** Sets the function that ends connections. */
  onDisconnect(disconnectSome: DisconnectSome): void {
    this.#disconnectSome = disconnectSome;
  }

  /** Ends that share of the connections now. @param share 0–1 */
  disconnect(share: number): void {
    this.#events.push({ at: this.#clock.now(), setting: 'disconnect', value: String(share) });
    this.#disconnectAsMany((candidates) => Math.round(candidates * share));
  }

  /** The service neither reads, answers nor delivers for that long; then it goes on where it stood. */
  pause(forMs: number): void {
    const now = this.#clock.now();
    this.#events.push({ at: now, setting: 'pauseMs', value: String(forMs) });
    this.#pausedUntil = Math.max(this.#pausedUntil, now + forMs);
    if (this.paused) return;
    this.#pausedSince = now;
    this.#counts.pauses++;
    for (const listener of this.#onPause) listener(true);
    this.#clock.setTimer(forMs, () => this.#resumeWhenDue());
  }

  onPause(listener: (paused: boolean) => void): void {
    this.#onPause.push(listener);
  }

  /** Resolves at once when the service runs, else when the pause is over. */
  whenRunning(): Promise<void> | undefined {
    if (!this.paused) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Calls `fn` after that long, and not while the service is paused: a pause that began cannot be cancelled. */
  after(delayMs: number, fn: () => void): CancelTimer {
    return this.#clock.setTimer(delayMs, () => {
      if (this.paused) this.#waiting.push(fn);
      else fn();
    });
  }

  report(): FaultReport {
    return {
      settings: this.#settings,
      events: this.#events,
      ...this.#counts,
      pausedMs: this.#pausedMs + (this.paused ? this.#clock.now() - this.#pausedSince : 0),
      paused: this.paused,
    };
  }

  /** Draws whether a fault happens; counts it if so. @param share 0–1 */
  #happens(
    count: 'droppedDeliveries' | 'duplicatedDeliveries' | 'droppedAcks' | 'refusedConnects',
    share: number,
    random: Random,
  ): boolean {
    if (!(share > 0 && random() < share)) return false;
    this.#counts[count]++;
    return true;
  }

  close(): void {
    this.#stopDisconnecting?.();
    this.#stopDisconnecting = undefined;
  }

  #disconnectSoon(): void {
    this.#stopDisconnecting = this.#clock.setTimer(disconnectPeriodMs, () => {
      this.#disconnectSoon();
      if (this.paused) return;
      const { disconnectPerMinute } = this.#settings;
      this.#disconnectAsMany((candidates) => {
        this.#remainder += (candidates * disconnectPerMinute * disconnectPeriodMs) / 60_000;
        const whole = Math.floor(this.#remainder);
        this.#remainder -= whole;
        return whole;
      });
    });
  }

  #disconnectAsMany(howMany: (candidates: number) => number): void {
    this.#counts.disconnected += this.#disconnectSome(
      this.#settings.clients,
      howMany,
      this.#random.disconnects,
    );
  }

  /** What of the settings is new, for the report of the run. The first ones are there from the start. */
  #log(settings: FaultSettings): void {
    const at = this.#hasBegun ? this.#clock.now() : null;
    this.#hasBegun = true;
    for (const [setting, value] of Object.entries(settings)) {
      const before = JSON.stringify(this.#settings[setting as keyof FaultSettings]);
      const after = JSON.stringify(value);
      if (before !== after) this.#events.push({ at, setting, value: after });
    }
  }

  #resumeWhenDue(): void {
    const now = this.#clock.now();
    if (now < this.#pausedUntil) {
      this.#clock.setTimer(this.#pausedUntil - now, () => this.#resumeWhenDue());
      return;
    }
    this.#pausedMs += now - this.#pausedSince;
    this.resumedAtMs = now;
    this.#pausedSince = 0;
    for (const listener of this.#onPause) listener(false);
    for (const resume of this.#waiting.splice(0)) resume();
  }
}
