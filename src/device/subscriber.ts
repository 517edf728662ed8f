import type { ArrivalWindow } from '../measure/arrival-window.ts';
import type { BrokerSample, BrokerSamples } from '../measure/broker-samples.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';
import { readEnvelope, type Unrelated } from '../measure/rule-record.ts';
import { RunArrivals } from '../measure/run-arrivals.ts';
import type { SubscriberRecord } from '../measure/subscriber-record.ts';
import { runOfWill } from '../measure/will-record.ts';
import { leastBetweenConnectsMs } from '../plan/account.ts';
import { subscriberObserver } from '../plan/observers.ts';
import type { Plan } from '../plan/plan.ts';
import { subscriptionsOf } from '../plan/subscribers.ts';
import { defaultBackoff } from '../profile/backoff.ts';
import type { CancelTimer, Clock } from '../shared/clock.ts';
import type { Random } from '../shared/random.ts';
import { readSysTopic, readUptime, sysFilters } from '../targets/mqtt/sys-topics.ts';
import { reconnectDelayMs } from './backoff.ts';
import { SubscriberConnection } from './subscriber-connection.ts';
import type { IncomingMessage, MakeTransport, Transport, TransportListener } from './transport.ts';
import { isLastingRefusal } from './transports/reason-codes.ts';

export interface SubscriberSettings {
  readonly plan: Plan;
  readonly slice: number;
  readonly transport: MakeTransport;
  /** Whether to sample the broker's own counts, by a client of its own: brokers may close the connection of one who asks. */
  readonly samplesBroker: boolean;
  readonly clock: Clock;
  /** For reconnect delays. */
  readonly random: Random;
  /** The target will not let it subscribe, for this reason. Called once. */
  onRefused(reason: string): void;
}

/** Samples of a broker that are kept: a value every second of each counter for longer than a run lasts. */
const maxSamples = 9_000;
/** It tries again every few seconds, however long the target is unavailable. */
const mostFailures = 3;
/** After a refusal that need not last. */
const subscribeAgainMs = 1_000;

/** Ids of the clients of a subscriber slice; the last one samples the broker. */
export function subscriberClientId(
  { runId }: Pick<Plan, 'runId'>,
  slice: number,
  connection: number,
): string {
  return `stampede-${runId}-${slice}-${connection}`;
}

/**
 * Subscribes to a run's messages and notes each that comes. Every call of the transport's is answered at once: what is received is
 * acknowledged, and stored with the next window.
 */
export class Subscriber implements TransportListener {
  readonly #settings: SubscriberSettings;
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #connections: readonly SubscriberConnection[];
  /** By client: when its last attempt was answered, or failed, epoch milliseconds. */
  readonly #answeredAt: number[];
  readonly #failedInARow: number[];
  readonly #timers = new Set<CancelTimer>();
  readonly #connectFailedBy = new ReasonCounts();
  readonly #disconnectedBy = new ReasonCounts();
  readonly #refusedBy = new ReasonCounts();
  readonly #samples: BrokerSample[] = [];
  #uptime: BrokerSamples['uptime'];
  #broker: string | undefined;
  #samplesSince = Number.MAX_SAFE_INTEGER;
  #window: RunArrivals;
  #windows = 0;
  #unrelated = { notJson: 0, noEnvelope: 0, otherRun: 0 };
  #arrivals = 0;
  #redelivered = 0;
  #lastArrivalAt: number | undefined;
  #connects = 0;
  #isClosed = false;

  constructor(settings: SubscriberSettings) {
    const { plan, slice, samplesBroker } = settings;
    this.#settings = settings;
    this.#clock = settings.clock;
    this.#connections = subscriptionsOf(plan, slice).map((each) => new SubscriberConnection(each));
    const count = this.#connections.length + (samplesBroker ? 1 : 0);
    this.#answeredAt = new Array(count).fill(0);
    this.#failedInARow = new Array(count).fill(0);
    this.#window = this.#openWindow();
    this.#transport = settings.transport(this, {
      count,
      clientId: (connection) => subscriberClientId(plan, slice, connection),
    });
  }

  start(): void {
    for (let client = 0; client < this.#answeredAt.length; client++) this.#connect(client);
  }

  /** Whether all that it asks for was granted at some time. */
  get wasSubscribed(): boolean {
    return this.#connections.every(({ subscribedAt }) => subscribedAt !== undefined);
  }

  /** `, mostly because of ECONNREFUSED`; empty where nothing failed. */
  get mostlyBecause(): string {
    const [why] = Object.keys({ ...this.#refusedBy.counts(), ...this.#connectFailedBy.counts() });
    return why === undefined ? '' : `, mostly because of ${why}`;
  }

  /** Epoch milliseconds. */
  get lastArrivalAt(): number | undefined {
    return this.#lastArrivalAt;
  }

  /** Epoch milliseconds of the broker's latest count; undefined: it has published none. */
  get lastSampleAt(): number | undefined {
    return this.#samples.at(-1)?.at;
  }

  /** What came since the last window; undefined: nothing did. */
  takeWindow(): ArrivalWindow | undefined {
    const { notJson, noEnvelope, otherRun } = this.#unrelated;
    if (this.#window.arrivals + this.#window.wills + notJson + noEnvelope + otherRun === 0) return undefined;
    const unrelated = { notJson, noEnvelope, ...(otherRun > 0 && { otherRun }) };
    const window = this.#window.window(`${this.#settings.slice}-${this.#windows++}`, unrelated);
    this.#window = this.#openWindow();
    this.#unrelated = { notJson: 0, noEnvelope: 0, otherRun: 0 };
    return window;
  }

  record(): Omit<SubscriberRecord, 'version' | 'runId' | 'slice' | 'outcome' | 'at' | 'health'> {
    const instants = this.#connections.flatMap(({ subscribedAt }) => subscribedAt ?? []);
    return {
      isShared: this.#connections.some(({ isShared }) => isShared),
      subscribedAt: this.wasSubscribed ? Math.max(...instants) : null,
      gaps: this.#connections.flatMap((connection) => connection.allGaps()),
      connects: this.#connects,
      connectFailedBy: this.#connectFailedBy.counts(),
      disconnectedBy: this.#disconnectedBy.counts(),
      refusedBy: this.#refusedBy.counts(),
      arrivals: this.#arrivals,
      ...(this.#redelivered > 0 && { redelivered: this.#redelivered }),
      lastArrivalAt: this.#lastArrivalAt ?? null,
      windows: this.#windows,
      ...(this.#broker !== undefined && {
        broker: {
          name: this.#broker,
          since: this.#samplesSince,
          samples: this.#samples,
          ...(this.#uptime && { uptime: this.#uptime }),
        },
      }),
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const cancel of this.#timers) cancel();
    await this.#transport.close();
  }

  connected(client: number, _receiveMaximum: number, isResumed = false): void {
    this.#answeredAt[client] = this.#clock.now();
    this.#failedInARow[client] = 0;
    this.#connects++;
    const connection = this.#connections[client];
    if (isResumed && connection?.subscribedAt !== undefined) connection.resumed(this.#clock.now());
    else this.#subscribe(client);
  }

  connectFailed(client: number, reason: string): void {
    this.#answeredAt[client] = this.#clock.now();
    if (this.#connections[client] !== undefined) this.#connectFailedBy.add(reason);
    this.#failedInARow[client] = Math.min(this.#failedInARow[client]! + 1, mostFailures);
    this.#connectLater(client);
  }

  disconnected(client: number, reason: string): void {
    const connection = this.#connections[client];
    if (connection !== undefined) {
      this.#disconnectedBy.add(reason);
      connection.lost(this.#clock.now());
    }
    this.#connectLater(client);
  }

  received(client: number, message: IncomingMessage): void {
    const nowMs = this.#clock.now();
    if (this.#connections[client] === undefined) {
      this.#sample(message, nowMs);
      return;
    }
    const envelope = readEnvelope(message.envelope ?? message.payload);
    if (typeof envelope === 'string') this.#addOther(message.payload, envelope);
    else if (envelope.run !== this.#settings.plan.runId) this.#unrelated.otherRun++;
    else {
      this.#arrivals++;
      if (message.dup) this.#redelivered++;
      this.#lastArrivalAt = nowMs;
      this.#window.addReceived(envelope, nowMs);
    }
  }

  /** A message without the envelope of one: a will, or none of Stampede's. */
  #addOther(payload: Buffer, what: Unrelated): void {
    const run = runOfWill(payload.toString());
    if (run === undefined) this.#unrelated[what]++;
    else if (run === this.#settings.plan.runId) this.#window.wills++;
    else this.#unrelated.otherRun++;
  }

  subscribed(client: number, filter: string): void {
    const connection = this.#connections[client];
    if (connection === undefined) this.#samplesSince = Math.min(this.#samplesSince, this.#clock.now());
    else connection.granted(filter, this.#clock.now());
  }

  subscribeRefused(client: number, filter: string, reason: string): void {
    const connection = this.#connections[client];
    // Of what it publishes of itself, a broker may refuse anything.
    if (connection === undefined) return;
    // Of a filter that another refusal has taken the place of.
    if (!connection.filters.some((each) => each.filter === filter)) return;
    if (connection.unshare()) {
      this.#subscribe(client);
      return;
    }
    this.#refusedBy.add(reason);
    if (isLastingRefusal(reason)) this.#settings.onRefused(reason);
    else this.#later(subscribeAgainMs, () => this.#subscribe(client));
  }

  acknowledged(): void {}
  refused(): void {}
  writable(): void {}

  #openWindow(): RunArrivals {
    return new RunArrivals(this.#settings.plan.runId, subscriberObserver);
  }

  #subscribe(client: number): void {
    const connection = this.#connections[client];
    if (connection === undefined) {
      for (const filter of sysFilters) this.#transport.subscribe(client, filter, 0);
      return;
    }
    // A connection that is left without filters is subscribed to all of them.
    connection.settle(this.#clock.now(), false);
    for (const { filter, qos } of connection.filters) this.#transport.subscribe(client, filter, qos);
  }

  #sample({ topic, payload }: IncomingMessage, at: number): void {
    const known = readSysTopic(topic);
    const text = payload.toString('latin1');
    const uptimeMs = readUptime(topic, text);
    if (uptimeMs !== undefined) {
      const { samples, startedAt } = this.#uptime ?? { samples: 0, startedAt: at };
      // A retained one says how long it had been running when it was published.
      this.#uptime = { samples: samples + 1, startedAt: Math.min(startedAt, at - uptimeMs) };
    }
    const value = Number(text);
    if (known === undefined || payload.length === 0 || !Number.isSafeInteger(value)) return;
    this.#broker ??= known.broker;
    if (known.broker !== this.#broker || this.#samples.length === maxSamples) return;
    this.#samples.push({ counter: known.counter, topic, at, value });
  }

  #connect(client: number): void {
    this.#transport.connect(client);
  }

  #connectLater(client: number): void {
    const { plan, random } = this.#settings;
    const failed = {
      failedInARow: this.#failedInARow[client]!,
      sinceLastAnswerMs: this.#clock.now() - this.#answeredAt[client]!,
      leastMs: leastBetweenConnectsMs(plan),
    };
    const delayMs = reconnectDelayMs(defaultBackoff, failed, random);
    this.#later(delayMs, () => this.#connect(client));
  }

  #later(delayMs: number, then: () => void): void {
    if (this.#isClosed) return;
    const cancel = this.#clock.setTimer(delayMs, () => {
      this.#timers.delete(cancel);
      then();
    });
    this.#timers.add(cancel);
  }
}
