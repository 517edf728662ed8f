import type { EncodedHistogram } from './latency-histogram.ts';

/** What the injected network did to the devices of a slice, by its own counters. */
export interface NetworkResult {
  /** From devices, and to them. */
  readonly up: DirectionResult;
  readonly down: DirectionResult;
  /** Connections that it ended: by a reset, and by a packet that was corrupted under TLS. */
  readonly resets: number;
  readonly corruptedConnections: number;
  /** Attempts to connect of devices that it did not reach. */
  readonly unreached: number;
}

export interface DirectionResult {
  /** Without headers, and the packets that they were in, of up to 1,448 bytes. */
  readonly bytes: number;
  readonly packets: number;
  /** Times that packets were lost, each sent again; and packets that waited for the end of a stall. Of those that came through. */
  readonly lost: number;
  readonly stalled: number;
  readonly duplicated: number;
  readonly corrupted: number;
  /** From a packet's entry into the network to its exit, milliseconds. */
  readonly delay: EncodedHistogram;
}
