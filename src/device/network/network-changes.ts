import { changeNetwork } from '../../profile/network-conditions.ts';
import type { NetworkConditions, NetworkForm } from '../../profile/network-presets.ts';

interface Change {
  readonly at: number;
  readonly form: NetworkForm;
  /** From its instant on. */
  conditions: NetworkConditions;
}

/**
 * The conditions of one group's network. Changes count in the order of their instants, whatever the order is in which a slice learns of
 * them, so that all slices of a group have the same conditions. They are computed when it learns of them.
 */
export class NetworkChanges {
  readonly #planned: NetworkConditions;
  readonly #changes: Change[] = [];
  #reachedAt = Number.NEGATIVE_INFINITY;
  #conditions: NetworkConditions;

  /** @param planned by the profile */
  constructor(planned: NetworkConditions = {}) {
    this.#planned = planned;
    this.#conditions = planned;
  }

  /** In force, by the instant that was reached last. */
  get conditions(): NetworkConditions {
    return this.#conditions;
  }

  /** @param at epoch milliseconds, as the action says: in force once that is reached */
  add(form: NetworkForm, at: number): void {
    const after = this.#changes.findLastIndex((change) => change.at <= at) + 1;
    this.#changes.splice(after, 0, { at, form, conditions: {} });
    for (let i = after; i < this.#changes.length; i++) {
      const change = this.#changes[i]!;
      change.conditions = changeNetwork(this.#changes[i - 1]?.conditions ?? this.#planned, change.form);
    }
  }

  /** @param at the instant of a change, epoch milliseconds; one before the last that was reached changes what is in force too */
  reach(at: number): void {
    this.#reachedAt = Math.max(this.#reachedAt, at);
    const last = this.#changes.findLast((change) => change.at <= this.#reachedAt);
    this.#conditions = last?.conditions ?? this.#planned;
  }
}
