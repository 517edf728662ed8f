import type { CatchUpResult } from '../measure/catch-up-result.ts';
import { LatencyHistogram } from '../measure/latency-histogram.ts';

/** A command at a device. */
export interface ReceivedCommand {
  /** Slice of its backend, and its number there. */
  readonly slice: number;
  readonly n: number;
  /** Epoch milliseconds: it was sent. */
  readonly sent: number;
  /** It has not come before. */
  readonly isNew: boolean;
}

/**
 * What sessions kept for the devices of a slice while they were not connected, and how long it took to come. A command that was sent
 * before its device connected was stored. A device has caught up when nothing more comes of what was stored by the time of its connect;
 * a connection that ends before that is continued by the next one.
 */
export class CatchUps {
  /** By device, epoch milliseconds: its connection began, where it went on with a session; NaN: there is none. */
  readonly #resumedAt: Float64Array;
  /** By device: the connect that it catches up from, and when the last stored command came; NaN: it has caught up. */
  readonly #from: Float64Array;
  readonly #last: Float64Array;
  /** By device: 1 while its catching up began on an earlier connection and has not been seen to go on. */
  readonly #isCut: Uint8Array;
  /** By slice of a backend, then by device: the highest number that came. */
  readonly #highest = new Map<number, Float64Array>();
  readonly #times = new LatencyHistogram();
  #resumed = 0;
  #unresumed = 0;
  #stored = 0;
  #interrupted = 0;
  #reordered = 0;
  #repeated = 0;

  constructor(devices: number) {
    const nothing = () => new Float64Array(devices).fill(Number.NaN);
    this.#resumedAt = nothing();
    this.#from = nothing();
    this.#last = nothing();
    this.#isCut = new Uint8Array(devices);
  }

  connected(device: number, isResumed: boolean, nowMs: number): void {
    if (isResumed) {
      this.#resumed++;
      this.#resumedAt[device] = nowMs;
      this.#isCut[device] = Number.isNaN(this.#from[device]) ? 0 : 1;
      return;
    }
    // What the session had kept is lost with it: that time would be no time to catch up.
    this.#unresumed++;
    this.#resumedAt[device] = Number.NaN;
    this.#from[device] = Number.NaN;
  }

  /** @returns whether it was stored */
  received(device: number, { slice, n, sent, isNew }: ReceivedCommand, nowMs: number): boolean {
    if (isNew) this.#noteOrder(device, slice, n);
    else this.#repeated++;
    const resumedAt = this.#resumedAt[device]!;
    // Also where there is no session: it compares with NaN.
    if (!(sent < resumedAt)) return false;
    if (isNew) this.#stored++;
    const from = this.#from[device]!;
    if (this.#isCut[device] === 1) {
      this.#isCut[device] = 0;
      if (sent < from) this.#interrupted++;
      else this.#end(device);
    }
    if (Number.isNaN(this.#from[device])) this.#from[device] = resumedAt;
    this.#last[device] = nowMs;
    return true;
  }

  result(): CatchUpResult {
    const times = new LatencyHistogram();
    times.merge(this.#times);
    for (const [device, from] of this.#from.entries())
      if (!Number.isNaN(from)) times.record(this.#last[device]! - from);
    return {
      resumed: this.#resumed,
      unresumed: this.#unresumed,
      stored: this.#stored,
      times: times.encode(),
      interrupted: this.#interrupted,
      reordered: this.#reordered,
      repeated: this.#repeated,
    };
  }

  #end(device: number): void {
    this.#times.record(this.#last[device]! - this.#from[device]!);
    this.#from[device] = Number.NaN;
  }

  #noteOrder(device: number, slice: number, n: number): void {
    let highest = this.#highest.get(slice);
    if (highest === undefined) {
      highest = new Float64Array(this.#from.length).fill(-1);
      this.#highest.set(slice, highest);
    }
    if (n < highest[device]!) this.#reordered++;
    else highest[device] = n;
  }
}
