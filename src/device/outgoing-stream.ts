import type { InFlightMessage } from './in-flight.ts';
import type { MessageWriter } from './payload.ts';
import type { Qos } from './transport.ts';

/** One kind of message of the slice. */
export interface OutgoingStream {
  readonly writer: MessageWriter;
  /** @param isFirst whether no message of its device and stream was sent before on its connection; false where first messages are like others */
  topicOf(message: Pick<DueMessage, 'device' | 'n'>, isFirst: boolean): string;
  /** Whether the first message of a connection differs from the others. */
  readonly hasFirst: boolean;
  /** A new device is in the place of this one. @param topics of the slice's kinds of message, in their order */
  readonly renew: (device: number, topics: readonly string[]) => void;
  readonly qos: Qos;
  readonly retain: boolean;
  /** Devices send the alias of a topic that they have sent. */
  readonly isAliased: boolean;
  /** Whether messages are answered: at QoS 1 and 2, and over HTTPS. */
  readonly isAnswered: boolean;
}

/** A message that a behaviour wants to send: one object of the behaviour's, filled anew for each message. */
export interface DueMessage {
  /** Index within the slice. */
  device: number;
  /** Index of the stream, and the message's number in it. */
  stream: number;
  n: number;
  /** The message's number within its device's place and stream. */
  k: number;
  /** When it was to be sent, epoch milliseconds. */
  atMs: number;
}

/** A message that the transport took. */
export interface TakenMessage {
  /** Index of its stream, and its number in it. */
  readonly stream: number;
  readonly n: number;
  /** Index within the slice. */
  readonly device: number;
  /** When it was to be sent, epoch milliseconds. */
  readonly atMs: number;
}

/** `unacknowledged`: the answer did not come in time, or its connection closed or was never opened. */
export type Answer = 'acknowledged' | 'refused' | 'unacknowledged';

/** Callbacks to what decides when to send: the behaviour. None is called from within `send`. */
export interface SenderListener {
  /** The device may send: its connection is new, or the transport can take more. */
  ready(device: number): void;
  /** The connection is closed, and what was in flight in it was given up. */
  disconnected(device: number): void;
  /** A message is no longer in flight. Never called for one that is not answered (`Sender.isAnswered`). */
  answered(message: InFlightMessage, answer: Answer, nowMs: number): void;
}
