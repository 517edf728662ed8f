import type {
  IncomingMessage,
  OutgoingMessage,
  Qos,
  Transport,
  TransportClients,
  TransportListener,
} from '../../../src/device/transport.ts';
import type { DisconnectKind } from '../../../src/profile/planned-action.ts';
import type { Clock } from '../../../src/shared/clock.ts';

/** What the simulated service does; each is asked when its moment comes. */
export interface Behaviour {
  /** Milliseconds to the CONNACK, or why there is none. */
  connect?(device: number, nowMs: number): number | string;
  /** Why a subscription is refused; undefined: it is not; null: it is not answered. */
  subscribe?(device: number, nowMs: number): string | undefined | null;
  /** Milliseconds to the PUBACK; undefined: none comes; or how it is refused. */
  publish?(
    device: number,
    n: number,
    nowMs: number,
    topic: string,
  ): number | undefined | 'throttled' | 'failed';
  /** Whether a message at QoS 0 that was taken is not sent after all. */
  rejectsQos0?(device: number, topic: string): boolean;
  /** Milliseconds until each copy of a message is back on the devices' own subscriptions, by receiving device. */
  echoes?(
    device: number,
    n: number,
    topic: string,
  ): readonly (readonly [receiver: number, afterMs: number])[];
  /** Whether the socket is full. */
  isFull?(device: number, nowMs: number): boolean;
  receiveMaximum?: number;
}

export interface Published {
  readonly device: number;
  readonly n: number;
  readonly atMs: number;
  readonly topic: string;
  readonly message: string;
  readonly payload: Buffer;
  /** That the connection was opened with. */
  readonly clientId: string | undefined;
}

export interface Subscribed {
  readonly device: number;
  readonly filter: string;
  readonly qos: Qos;
  readonly atMs: number;
}

/** A service in virtual time, and its own account of what reached it. */
export class SimulatedTransport implements Transport {
  readonly published: Published[] = [];
  readonly connectedAtMs: number[] = [];
  /** Of each attempt to connect. */
  readonly clientIds: string[] = [];
  readonly subscriptions: Subscribed[] = [];
  readonly disconnects: { readonly device: number; readonly how: DisconnectKind; readonly atMs: number }[] =
    [];
  mostUnanswered = 0;
  closed = false;
  readonly #clock: Clock;
  readonly #behaviour: Behaviour;
  readonly #listener: TransportListener;
  readonly #clients: TransportClients | undefined;
  /** By device: which connection, where there is one; answers of an earlier one do not come. */
  readonly #connection = new Map<number, number>();
  /** By device: the one that it last tried to connect with. */
  readonly #clientIds = new Map<number, string>();
  /** Devices whose connection ends: what they send does not leave. */
  readonly #ending = new Set<number>();
  readonly #unanswered = new Map<number, number>();
  #connections = 0;

  constructor(clock: Clock, behaviour: Behaviour, listener: TransportListener, clients?: TransportClients) {
    this.#clock = clock;
    this.#behaviour = behaviour;
    this.#listener = listener;
    this.#clients = clients;
  }

  connect(device: number): void {
    if (this.#clients !== undefined) {
      const clientId = this.#clients.clientId(device);
      this.clientIds.push(clientId);
      this.#clientIds.set(device, clientId);
    }
    const answer = this.#behaviour.connect?.(device, this.#clock.now()) ?? 5;
    if (typeof answer === 'string') {
      this.#clock.setTimer(1, () => !this.closed && this.#listener.connectFailed(device, answer));
      return;
    }
    this.#clock.setTimer(answer, () => {
      if (this.closed) return;
      this.#connection.set(device, ++this.#connections);
      this.#unanswered.set(device, 0);
      this.connectedAtMs.push(this.#clock.now());
      this.#record(device, this.#clock.now());
      this.#listener.connected(device, this.#behaviour.receiveMaximum ?? 65_535, false);
    });
  }

  /** The service, or the network, ends a connection. */
  cut(device: number): void {
    if (this.closed || !this.#connection.delete(device)) return;
    this.#record(device, undefined);
    this.#listener.disconnected(device, 'cut');
  }

  /** A message comes to a device. */
  deliver(device: number, message: IncomingMessage): void {
    this.#listener.received(device, message);
  }

  send(device: number, { token, topic, payload, qos }: OutgoingMessage): boolean {
    const nowMs = this.#clock.now();
    if (this.closed || this.#ending.has(device)) return false;
    const connection = this.#connection.get(device);
    if (connection === undefined) throw new Error('sent without a connection');
    if (this.#behaviour.isFull?.(device, nowMs)) {
      this.#clock.setTimer(3, () => this.#connection.has(device) && this.#listener.writable(device));
      return false;
    }
    const message = payload.toString();
    const n = Number(/"n":(\d+)/.exec(message)?.[1]);
    const copy = Buffer.from(payload);
    const clientId = this.#clientIds.get(device);
    this.published.push({ device, n, atMs: nowMs, topic, message, payload: copy, clientId });
    for (const [receiver, afterMs] of this.#behaviour.echoes?.(device, n, topic) ?? []) {
      const echo: IncomingMessage = { topic, payload: copy, qos: 0, dup: false, retain: false };
      this.#clock.setTimer(afterMs, () => !this.closed && this.#listener.received(receiver, echo));
    }
    if (qos === 0) {
      if (this.#behaviour.rejectsQos0?.(device, topic))
        this.#clock.setTimer(1, () => this.#listener.refused(device, token, 'failed', 'simulated'));
      return true;
    }
    this.#count(device, 1);
    const answer = this.#behaviour.publish ? this.#behaviour.publish(device, n, nowMs, topic) : 2;
    if (answer === undefined) return true;
    this.#clock.setTimer(typeof answer === 'number' ? answer : 2, () => {
      if (this.closed || this.#connection.get(device) !== connection) return;
      this.#count(device, -1);
      if (typeof answer === 'number') this.#listener.acknowledged(device, token);
      else this.#listener.refused(device, token, answer, 'simulated');
    });
    return true;
  }

  subscribe(device: number, filter: string, qos: Qos): void {
    const connection = this.#connection.get(device);
    if (connection === undefined) throw new Error('subscribed without a connection');
    const nowMs = this.#clock.now();
    this.subscriptions.push({ device, filter, qos, atMs: nowMs });
    const refusal = this.#behaviour.subscribe?.(device, nowMs);
    if (refusal === null) return;
    this.#clock.setTimer(2, () => {
      if (this.closed || this.#connection.get(device) !== connection) return;
      if (refusal === undefined) this.#listener.subscribed(device, filter);
      else this.#listener.subscribeRefused(device, filter, refusal);
    });
  }

  disconnect(device: number, how: DisconnectKind): void {
    if (!this.#connection.delete(device)) return;
    this.#record(device, undefined);
    this.disconnects.push({ device, how, atMs: this.#clock.now() });
    this.#ending.add(device);
    this.#clock.setTimer(0, () => {
      this.#ending.delete(device);
      if (!this.closed) this.#listener.disconnected(device, how);
    });
  }

  flush(): void {}

  async close(): Promise<void> {
    this.closed = true;
    for (const device of this.#connection.keys()) this.#record(device, undefined);
    this.#connection.clear();
  }

  /** Its process dies: nothing that it does from now on leaves. */
  kill(): void {
    void this.close();
  }

  /** When each connection began and ended, epoch milliseconds, by device. */
  readonly connections = new Map<number, { readonly from: number; to: number }[]>();

  #record(device: number, from: number | undefined): void {
    const all = this.connections.get(device) ?? [];
    this.connections.set(device, all);
    if (from !== undefined) all.push({ from, to: Number.POSITIVE_INFINITY });
    else all.at(-1)!.to = this.#clock.now();
  }

  #count(device: number, by: number): void {
    const unanswered = (this.#unanswered.get(device) ?? 0) + by;
    this.#unanswered.set(device, unanswered);
    this.mostUnanswered = Math.max(this.mostUnanswered, unanswered);
  }
}
