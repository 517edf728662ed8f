import { LatencyHistogram } from '../../../measure/latency-histogram.ts';
import type { DirectionResult, NetworkResult } from '../../../measure/network-result.ts';

/** A packet that came through. */
interface DeliveredPacket {
  readonly bytes: number;
  readonly delayMs: number;
  /** How often it was lost before. */
  readonly losses: number;
  /** Whether it waited for the end of a stall. */
  readonly isStalled: boolean;
}

/** Counts of one direction, of all devices of a slice. */
export class DirectionCounters {
  bytes = 0;
  packets = 0;
  lost = 0;
  stalled = 0;
  duplicated = 0;
  corrupted = 0;
  /** From a packet's entry into the network to its exit. */
  readonly #delays = new LatencyHistogram();

  delivered({ bytes, delayMs, losses, isStalled }: DeliveredPacket): void {
    this.bytes += bytes;
    this.packets++;
    this.lost += losses;
    this.stalled += Number(isStalled);
    this.#delays.record(delayMs);
  }

  result(): DirectionResult {
    const { bytes, packets, lost, stalled, duplicated, corrupted } = this;
    return { bytes, packets, lost, stalled, duplicated, corrupted, delay: this.#delays.encode() };
  }
}

/** What the network did to a slice's devices. */
export class NetworkCounters {
  readonly up = new DirectionCounters();
  readonly down = new DirectionCounters();
  /** Connections that it ended. */
  resets = 0;
  corruptedConnections = 0;
  /** Attempts to connect of devices that it did not reach. */
  unreached = 0;

  result(): NetworkResult {
    const { resets, corruptedConnections, unreached } = this;
    return { up: this.up.result(), down: this.down.result(), resets, corruptedConnections, unreached };
  }
}
