import type { Handover } from '../../plan/legs.ts';
import type { Slice } from '../../plan/plan.ts';
import type { Stream } from '../../plan/streams.ts';
import type { Clock } from '../../shared/clock.ts';
import type { SenderListener } from '../outgoing-stream.ts';
import type { Sender } from '../sender.ts';
import type { SliceCounters } from '../slice-counters.ts';
import type { Undecided } from '../stream-counters.ts';

/**
 * When the devices of a slice send: one load shape. It decides which message of which device is due, and counts what it intended
 * and what it dropped; the sender sends it and reports what became of it. No method is called from within `Sender.send`.
 */
export interface Behaviour extends SenderListener {
  start(): void;
  /**
   * Nothing is sent any more: what is due and was not sent is dropped, what is due later was never intended.
   * @param fromMs from when nothing is due any more, epoch milliseconds: now, or earlier
   */
  stop(fromMs: number): void;
  /** Every few milliseconds, after the sender gave up what was in flight for too long. */
  tick(nowMs: number): void;
  /** Nothing is to be sent any more. */
  readonly sentAll: boolean;
  /** Whether a message of the device is due and not sent yet. */
  isWaitedFor(device: number): boolean;
  /**
   * Schedules or users were amended: what was due stays, and what is next may be due at another instant.
   * @param slice the same one, of the plan as it has become
   */
  amended(slice: Slice): void;
  /** No message that is due up to this instant can be made another one, epoch milliseconds; -Infinity: none was due yet. */
  readonly dueUntil: number;
  /** By stream: what is due and not sent yet, by what it waits for. */
  waiting(): readonly Undecided['waiting'][];
}

export interface BehaviourContext {
  readonly clock: Clock;
  readonly sender: Sender;
  readonly counters: SliceCounters;
  readonly slice: Slice;
  /** Of the slice, by number. */
  readonly streams: readonly Stream[];
  /** Epoch milliseconds of the schedule's zero. */
  readonly publishAt: number;
  /** To the leg that follows; absent: there is none. */
  readonly letsGo?: Handover | undefined;
  /** Whether that leg has a device. */
  readonly hasLeft?: (device: number) => boolean;
  /** A message of the device begins to wait. */
  readonly onWaiting: (device: number) => void;
  /** The longest that a due message waits to be sent. */
  readonly waitTimeoutMs: number;
}

export type MakeBehaviour = (context: BehaviourContext) => Behaviour;
