import type { LiveAction } from '../plan/actions/action.ts';
import { stopOf } from '../plan/actions/stop.ts';
import type { ControlMessage } from '../plan/control-message.ts';
import { ReasonCounts } from './reason-counts.ts';
import type { RunLedger } from './run-ledger.ts';
import type { SliceResult } from './slice-result.ts';

/** How the slices of a run ended, and why. */
export class SliceEndings {
  /** From the stored actions, and from the slices' own records, because older runs stored no actions. */
  #stop: ControlMessage | undefined;
  readonly #stoppedBy = new ReasonCounts();
  readonly #sliceFailedBy = new ReasonCounts();
  #cutOff = 0;
  readonly #knownUntil: number[] = [];
  #lastSentAt = 0;

  addSlice(result: SliceResult): void {
    this.#lastSentAt = Math.max(this.#lastSentAt, result.lastSentAt ?? 0);
    if (result.outcome === 'running') this.#knownUntil.push(result.at);
    if (result.outcome === 'stopped') {
      this.#stoppedBy.add(result.reason ?? 'no reason given');
      this.#addStop(result.stoppedOn);
      this.#cutOff += result.undecided?.inFlight ?? 0;
    }
    if (result.outcome === 'failed') this.#sliceFailedBy.add(result.reason ?? 'no reason given');
  }

  /** What was stored decides when the run was stopped, not when each slice received it. */
  addAction(action: LiveAction): void {
    this.#addStop(stopOf(action));
  }

  /** The stop that ended slices: one that came after the end of every slice has stopped nothing. */
  get stoppedOn(): ControlMessage | undefined {
    return this.#stoppedBy.isEmpty ? undefined : this.#stop;
  }

  totals(): Pick<
    RunLedger,
    'stoppedBy' | 'stoppedOn' | 'sliceFailedBy' | 'cutOff' | 'knownUntil' | 'lastSentAt'
  > {
    const { stoppedOn } = this;
    return {
      stoppedBy: this.#stoppedBy.counts(),
      ...(stoppedOn === undefined ? {} : { stoppedOn }),
      sliceFailedBy: this.#sliceFailedBy.counts(),
      cutOff: this.#cutOff,
      knownUntil: this.#knownUntil.toSorted((a, b) => a - b),
      lastSentAt: this.#lastSentAt || null,
    };
  }

  #addStop(stop: ControlMessage | undefined): void {
    if (stop !== undefined && (this.#stop === undefined || stop.at < this.#stop.at)) this.#stop = stop;
  }
}
