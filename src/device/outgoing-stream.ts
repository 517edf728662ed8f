import type { MessageWriter } from './payload.ts';
import type { Qos } from './transport.ts';

/** One kind of message of the slice. */
export interface OutgoingStream {
  readonly writer: MessageWriter;
  /** By device. */
  readonly topics: readonly string[];
  /** Of a device's first message. Absent: as of the others. */
  readonly firstTopics?: readonly string[];
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
  /** The message's number within its device and stream. */
  k: number;
  /** When it was to be sent, epoch milliseconds. */
  atMs: number;
}
