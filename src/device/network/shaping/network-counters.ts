import { LatencyHistogram } from '../../../measure/latency-histogram.ts';
import type { DirectionResult, NetworkResult } from '../../../measure/network-result.ts';

/** Counts of one direction, of all devices of a slice. */
export class DirectionCounters {
  bytes = 0;
  packets = 0;
  lost = 0;
  duplicated = 0;
  corrupted = 0;
  /** From when a packet was given to the network until it was out of it. */
  readonly #delays = new LatencyHistogram();

  delivered(bytes: number, delayMs: number): void {
    this.bytes += bytes;
    this.packets++;
    this.#delays.record(delayMs);
  }

  result(): DirectionResult {
    const { bytes, packets, lost, duplicated, corrupted } = this;
    return { bytes, packets, lost, duplicated, corrupted, delay: this.#delays.encode() };
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
