import type { Envelope } from '../measure/envelope.ts';
import { replyDelayMs, replyTopic } from '../plan/downlinks.ts';
import { groupOfSlice } from '../plan/groups.ts';
import type { CancelTimer } from '../shared/clock.ts';
import { PositionalRandom } from '../shared/random.ts';
import type { DeviceSubscriptionSettings } from './device-subscription.ts';
import type { OutgoingMessage } from './transport.ts';

export interface CommandReplySettings extends Omit<DeviceSubscriptionSettings, 'random'> {
  /** Whether a device of the slice has a connection. */
  isConnected(device: number): boolean;
}

const sendAgainMs = 10;
/** Replies are of no stream: their tokens are this minus the slice of the backend, far below those of streams. */
const tokenBase = -(2 ** 30);

export function replyTokenOf(backend: number): number {
  return tokenBase - backend;
}

/** Replies of a slice's devices to commands: each is sent after its delay, at QoS 0. */
export class CommandReplies {
  readonly #settings: CommandReplySettings;
  readonly #random: PositionalRandom;
  readonly #timers = new Set<CancelTimer>();
  readonly #message: OutgoingMessage = {
    token: tokenBase,
    topic: '',
    payload: Buffer.alloc(0),
    qos: 0,
    retain: false,
  };
  /** By slice of the backend. */
  readonly #sent = new Map<number, number>();
  #isStopped = false;

  constructor(settings: CommandReplySettings) {
    this.#settings = settings;
    this.#random = new PositionalRandom(settings.slice.group.profile.seed);
  }

  /** Whether replies wait for their delay. */
  get areWaiting(): boolean {
    return this.#timers.size > 0;
  }

  replyTo(device: number, command: Envelope): void {
    const { slice } = this.#settings;
    const { reply } = slice.group.profile;
    if (reply === undefined) return;
    const delayMs = replyDelayMs(this.#random, reply, slice.firstDevice + device, command.n);
    this.#later(delayMs, () => this.#send(device, command));
  }

  /** The transport did not send it after all. @returns false: the token is of no reply */
  refused(token: number): boolean {
    if (token > tokenBase) return false;
    this.#count(tokenBase - token, -1);
    return true;
  }

  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  /** How many were sent, by slice of the backend that they go to. */
  sent(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#sent);
  }

  #send(device: number, command: Envelope): void {
    const { plan, slice, transport, clock, counters, isConnected } = this.#settings;
    if (!isConnected(device)) return;
    const { run, slice: backend, n, at, sent } = command;
    const envelope = { run, slice: backend, n, device: slice.firstDevice + device, at, sent };
    this.#message.token = replyTokenOf(backend);
    this.#message.topic = replyTopic(groupOfSlice(plan, backend), command.device);
    this.#message.payload = Buffer.from(JSON.stringify({ stampede: envelope }));
    if (transport.send(device, this.#message)) {
      this.#count(backend, 1);
      counters.perSecond.replied(clock.now());
      transport.flush();
    } else this.#later(sendAgainMs, () => this.#send(device, command));
  }

  #count(backend: number, count: number): void {
    this.#sent.set(backend, (this.#sent.get(backend) ?? 0) + count);
  }

  #later(delayMs: number, then: () => void): void {
    if (this.#isStopped) return;
    const cancel = this.#settings.clock.setTimer(delayMs, () => {
      this.#timers.delete(cancel);
      then();
    });
    this.#timers.add(cancel);
  }
}
