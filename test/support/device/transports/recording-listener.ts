import type {
  IncomingMessage,
  RequestListener,
  TransportListener,
} from '../../../../src/device/transport.ts';

type EventName = Exclude<keyof TransportListener, 'requests'> | keyof RequestListener;
type Event = [name: EventName, device: number, ...rest: unknown[]];

/** Records every event, and lets a test wait for one. */
export class RecordingListener implements TransportListener {
  readonly events: Event[] = [];
  readonly #counts = new Map<EventName, number>();
  readonly #waiting = new Set<() => void>();

  of(name: EventName): unknown[][] {
    return this.events.filter(([event]) => event === name).map(([, ...rest]) => rest);
  }

  /** Resolves once `count` events of that name have come. */
  async until(name: EventName, count = 1): Promise<unknown[][]> {
    while ((this.#counts.get(name) ?? 0) < count) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
    return this.of(name);
  }

  connected(device: number, receiveMaximum: number, isResumed: boolean): void {
    this.#record(['connected', device, receiveMaximum, isResumed]);
  }
  connectFailed(device: number, reason: string): void {
    this.#record(['connectFailed', device, reason]);
  }
  disconnected(device: number, reason: string): void {
    this.#record(['disconnected', device, reason]);
  }
  accepted(device: number, token: number): void {
    this.#record(['accepted', device, token]);
  }
  acknowledged(device: number, token: number): void {
    this.#record(['acknowledged', device, token]);
  }
  refused(device: number, token: number, why: string, reason: string): void {
    this.#record(['refused', device, token, why, reason]);
  }
  writable(device: number): void {
    this.#record(['writable', device]);
  }
  received(device: number, { topic, payload, envelope, qos, dup, retain }: IncomingMessage): void {
    const property = envelope && { envelope: envelope.toString() };
    this.#record(['received', device, { topic, payload: payload.toString(), ...property, qos, dup, retain }]);
  }
  subscribed(device: number, filter: string): void {
    this.#record(['subscribed', device, filter]);
  }
  subscribeRefused(device: number, filter: string, reason: string): void {
    this.#record(['subscribeRefused', device, filter, reason]);
  }

  readonly requests: RequestListener = {
    answered: (device, token, status, refusal) => this.#record(['answered', device, token, status, refusal]),
    unanswered: (device, token, reason) => this.#record(['unanswered', device, token, reason]),
    left: (device, token) => this.#record(['left', device, token]),
    notSent: (device, token) => this.#record(['notSent', device, token]),
    openFailed: (reason) => this.#record(['openFailed', 0, reason]),
    opened: (connectMs) => this.#record(['opened', 0, connectMs]),
  };

  #record(event: Event): void {
    this.events.push(event);
    this.#counts.set(event[0], (this.#counts.get(event[0]) ?? 0) + 1);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
