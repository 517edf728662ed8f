import { changeNetwork } from '../../profile/network-conditions.ts';
import type { NetworkConditions, NetworkForm } from '../../profile/network-presets.ts';

interface Change {
  readonly at: number;
  readonly form: NetworkForm;
}

/**
 * The conditions of one group's network, by the changes so far. Changes count in the order of their instants, whatever the order is in
 * which a slice learns of them, so that all slices of a group have the same conditions.
 */
export class NetworkChanges {
  readonly #planned: NetworkConditions;
  readonly #changes: Change[] = [];
  #conditions: NetworkConditions;

  /** @param planned by the profile */
  constructor(planned: NetworkConditions = {}) {
    this.#planned = planned;
    this.#conditions = planned;
  }

  get conditions(): NetworkConditions {
    return this.#conditions;
  }

  /** @param at epoch milliseconds, as the action says */
  add(form: NetworkForm, at: number): void {
    const after = this.#changes.findLastIndex((change) => change.at <= at) + 1;
    this.#changes.splice(after, 0, { at, form });
    this.#conditions = this.#changes.reduce(
      (before, change) => changeNetwork(before, change.form),
      this.#planned,
    );
  }
}
