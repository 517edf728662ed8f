import type { LiveAction } from '../plan/actions/action.ts';
import type { Plan } from '../plan/plan.ts';
import { CatchUpTotals } from './catch-up-totals.ts';
import type { IntervalSet } from './interval-set.ts';
import { NetworkTotals } from './network-totals.ts';
import { PresenceTotals } from './presence-totals.ts';
import type { RunLedger } from './run-ledger.ts';
import type { SliceResult } from './slice-result.ts';
import { StormTotals } from './storm-totals.ts';
import type { StreamId } from './stream-key.ts';

/** What slices stored of their devices' connections: storms, connects by second, events about them, what sessions kept, and the injected network. */
export class ConnectionTotals {
  readonly #storms: StormTotals;
  readonly #presence: PresenceTotals;
  readonly #catchUps = new CatchUpTotals();
  readonly #networks = new NetworkTotals();

  constructor(plan: Plan) {
    this.#storms = new StormTotals(plan);
    this.#presence = new PresenceTotals(plan);
  }

  addAction(action: LiveAction): void {
    this.#storms.addAction(action);
  }

  /** @param group number of the slice's group @throws {CorruptMeasurementError} */
  addSlice(group: number, result: SliceResult): void {
    this.#storms.addSlice(group, result);
    this.#presence.addSlice(result);
    this.#catchUps.addSlice(group, result);
    this.#networks.addSlice(group, result);
  }

  /** @param receivedOf numbers of a stream's messages that were received */
  totals(
    receivedOf: (stream: StreamId) => IntervalSet,
  ): Pick<RunLedger, 'storms' | 'connects' | 'presence' | 'catchUps' | 'networks'> {
    return {
      storms: this.#storms.storms(receivedOf),
      connects: this.#storms.connects(),
      presence: this.#presence.totals(),
      catchUps: this.#catchUps.totals(),
      networks: this.#networks.totals(),
    };
  }
}
