import { TimeHeap } from '../../../shared/time-heap.ts';

/**
 * c servers behind one queue, first come, first served (G/G/c), as a recursion over arrivals: a message starts at its arrival,
 * when the first server is free, or when the message before it started, whichever is the latest (Kiefer and Wolfowitz).
 */
export class ServerPool {
  /** The instants at which servers that have served are free. */
  readonly #free = new TimeHeap<undefined>();
  #known = 0;
  #lastStartMs = Number.NEGATIVE_INFINITY;

  /**
   * @param arrivalMs of the messages in their order, any clock
   * @param servers may change: messages that are waiting keep their instants
   * @returns when the service of the message starts
   */
  serve(arrivalMs: number, serviceMs: number, servers: number): number {
    // Servers that leave are those that are free first.
    for (; this.#known > servers; this.#known--) this.#free.takeFirst();
    let freeMs = Number.NEGATIVE_INFINITY;
    if (this.#known < servers) this.#known++;
    else freeMs = this.#free.takeFirst()!.atMs;
    const startMs = Math.max(arrivalMs, freeMs, this.#lastStartMs);
    this.#lastStartMs = startMs;
    this.#free.add(startMs + serviceMs, undefined);
    return startMs;
  }
}
