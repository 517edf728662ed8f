import { publishCounters } from '../measure/message-counters.ts';
import { ofEach } from '../shared/counts.ts';

/**
 * What became of commands: `delivered` and `offline` by the slices of devices, `replied` and `timed_out` by those of backends. What was
 * offline and is delivered after all, because a session kept it, is taken from `offline` again.
 */
export const outcomeCounters = ['delivered', 'offline', 'replied', 'timed_out'] as const;
/** Counts so far; absent: nothing of the kind is due at the slice. */
export type CommandOutcomes = Readonly<Partial<Record<(typeof outcomeCounters)[number], number>>>;

/** Events of presence that observers received, of the run's devices, each once. */
export const presenceCounters = ['connects', 'disconnects'] as const;
export type LivePresence = Readonly<Record<(typeof presenceCounters)[number], number>>;

/** What a slice has of commands and of presence so far. */
export interface FleetCounts {
  readonly commands?: CommandOutcomes;
  readonly presence?: LivePresence;
}

/** What is summed of commands: publishes of backends, and what became of them. */
export const summedOfCommands = [...publishCounters, ...outcomeCounters] as const;
export type LiveCommands = Readonly<Record<(typeof summedOfCommands)[number], number>>;

/** Sums of a run so far. Each is absent until a slice has reported it. */
export interface FleetTotals {
  readonly commands?: LiveCommands;
  readonly presence?: LivePresence;
}

/** Adds up what slices report of commands and of presence. */
export class LiveFleet {
  #commands: LiveCommands | undefined;
  #presence: LivePresence | undefined;

  addCommands(counts: LiveCommands): void {
    const before = this.#commands;
    this.#commands = ofEach(summedOfCommands, (name) => (before?.[name] ?? 0) + counts[name]);
  }

  addPresence(counts: LivePresence): void {
    const before = this.#presence;
    this.#presence = ofEach(presenceCounters, (name) => (before?.[name] ?? 0) + counts[name]);
  }

  totals(): FleetTotals {
    return {
      ...(this.#commands && { commands: this.#commands }),
      ...(this.#presence && { presence: this.#presence }),
    };
  }
}
