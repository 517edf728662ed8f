import type { DeviceDraws, SliceNetwork } from './slice-network.ts';

/** Ends a connection at an instant that is drawn anew with each change of the network: a Poisson process has no memory. */
export class ConnectionReset {
  readonly #network: SliceNetwork;
  readonly #reset: () => void;
  /** Distinguishes the reset that is due from earlier ones. */
  #current = 0;

  constructor(network: SliceNetwork, reset: () => void) {
    this.#network = network;
    this.#reset = reset;
  }

  schedule(nowMs: number, draws: () => DeviceDraws): void {
    const current = ++this.#current;
    const { reset } = this.#network.conditions;
    if (reset === undefined) return;
    const wake = (): void => {
      if (current === this.#current) this.#reset();
    };
    this.#network.heap.add(nowMs + draws().own.waitMs(reset), { wake });
  }
}
