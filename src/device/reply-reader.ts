import type { ReplyResult } from '../measure/downlink-result.ts';
import { IntervalSet } from '../measure/interval-set.ts';
import { readEnvelope } from '../measure/rule-record.ts';
import {
  type CommandStream,
  commandStreamOf,
  countReplies,
  type Downlink,
  isCommandTopic,
  isDueAt,
  placeOf,
  rankOf,
  replyTopic,
} from '../plan/downlinks.ts';
import type { Slice } from '../plan/plan.ts';
import type { CancelTimer, Clock } from '../shared/clock.ts';
import type { DeviceSubscription } from './device-subscription.ts';
import { IntervalHistogram } from './interval-histogram.ts';
import type { SliceCounters } from './slice-counters.ts';
import type { IncomingMessage, Transport } from './transport.ts';

export interface ReplyReaderSettings {
  readonly downlink: Downlink;
  readonly slice: Slice;
  readonly transport: Transport;
  readonly counters: SliceCounters;
  readonly clock: Clock;
}

const subscribeAgainMs = 1_000;

/** The clients of a backend receive replies to their commands, and measure round trips on one clock. */
export class ReplyReader implements DeviceSubscription {
  readonly #settings: ReplyReaderSettings;
  readonly #stream: CommandStream;
  readonly #timeoutMs: number;
  readonly #replied = new IntervalSet();
  readonly #roundTrip = new IntervalHistogram();
  readonly #refusedBy = new Map<string, number>();
  readonly #isConnected: Uint8Array;
  readonly #timers = new Set<CancelTimer>();
  #late = 0;
  #duplicates = 0;
  #unrelated = 0;

  constructor(settings: ReplyReaderSettings) {
    const { downlink, slice } = settings;
    this.#settings = settings;
    this.#stream = commandStreamOf(downlink, slice.slice);
    this.#timeoutMs = downlink.sender.profile.command?.replyTimeoutMs ?? 0;
    this.#isConnected = new Uint8Array(slice.devices);
  }

  takes(topic: string): boolean {
    return isCommandTopic(topic);
  }

  connected(device: number): void {
    this.#isConnected[device] = 1;
    // A reply only measures: QoS 0 spares its PUBACK.
    this.#settings.transport.subscribe(device, this.#topicOf(device), 0);
  }

  disconnected(device: number): void {
    this.#isConnected[device] = 0;
  }

  subscribed(): void {}

  subscribeRefused(device: number, filter: string, reason: string): void {
    this.#refusedBy.set(reason, (this.#refusedBy.get(reason) ?? 0) + 1);
    const cancel = this.#settings.clock.setTimer(subscribeAgainMs, () => {
      this.#timers.delete(cancel);
      if (this.#isConnected[device] === 1) this.#settings.transport.subscribe(device, filter, 0);
    });
    this.#timers.add(cancel);
  }

  received(_device: number, { payload }: IncomingMessage): void {
    const nowMs = this.#settings.clock.now();
    const { downlink, slice } = this.#settings;
    const reply = readEnvelope(payload);
    const place = typeof reply === 'string' ? undefined : placeOf(downlink, reply.device);
    if (
      typeof reply === 'string' ||
      place === undefined ||
      reply.run !== slice.group.runId ||
      reply.slice !== slice.slice ||
      reply.n >= slice.messages ||
      !isDueAt(this.#stream, reply.n, place)
    ) {
      this.#unrelated++;
      return;
    }
    // A reply that comes after the timeout changes nothing: its command has timed out.
    if (nowMs - reply.sent > this.#timeoutMs) this.#late++;
    else if (this.#replied.add(rankOf(this.#stream, reply.n, place)))
      this.#roundTrip.record(nowMs - reply.sent);
    else this.#duplicates++;
  }

  /** Commands that were dropped have no replies: how many are due is then an estimate, and the timeout decides. */
  isComplete(nowMs: number, finishedAt: number): boolean {
    const { sent } = this.#settings.counters.messages();
    return this.#replied.count >= countReplies(this.#stream, sent) || nowMs > finishedAt + this.#timeoutMs;
  }

  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  result(): { replies: ReplyResult } {
    return {
      replies: {
        replied: this.#replied.encode(),
        late: this.#late,
        duplicates: this.#duplicates,
        unrelated: this.#unrelated,
        roundTrip: this.#roundTrip.encodeAll(),
        subscribeRefusedBy: Object.fromEntries(this.#refusedBy),
      },
    };
  }

  #topicOf(device: number): string {
    const { slice } = this.#settings;
    return replyTopic(slice.group, slice.firstDevice + device);
  }
}
