import type { Clock } from '../shared/clock.ts';
import type { OutgoingStream } from './outgoing-stream.ts';
import type { SliceCounters } from './slice-counters.ts';
import type { Transport } from './transport.ts';

export interface SenderSettings {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly counters: SliceCounters;
  readonly devices: number;
  readonly streams: readonly OutgoingStream[];
  readonly ackTimeoutMs: number;
  /** Messages that a device may have in flight. */
  readonly maxUnacknowledged: number;
  /** Whether what is in flight goes on in a session that the next connection resumes: at QoS 2, without a clean start. */
  readonly resumesSessions: boolean;
  /** Where a connection is for one message only: called once that is answered, or when none is to be sent. */
  readonly onServed?: ((device: number) => void) | undefined;
}
