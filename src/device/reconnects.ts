import type { Slice } from '../plan/plan.ts';
import { makeReconnectTurns, type ReconnectTurns } from '../plan/reconnect-turns.ts';
import type { Clock } from '../shared/clock.ts';
import type { Connections } from './connections.ts';
import { type PacedWork, Pacer } from './pacer.ts';

export interface ReconnectSettings {
  readonly clock: Clock;
  readonly slice: Slice;
  /** Epoch milliseconds of the turns' zero. */
  readonly publishAt: number;
  readonly connections: Pick<Connections, 'reconnect'>;
}

/** Lets the devices of a slice connect again, each at its turn: the pure schedule of the plan and its actions. */
export class Reconnects implements PacedWork {
  readonly #settings: ReconnectSettings;
  readonly #pacer: Pacer;
  #turns: ReconnectTurns;
  #dueUntil = Number.NEGATIVE_INFINITY;

  constructor(settings: ReconnectSettings) {
    this.#settings = settings;
    this.#turns = makeReconnectTurns(settings.slice);
    this.#pacer = new Pacer(settings.clock, this);
  }

  get count(): number {
    return this.#turns.count;
  }

  /** Up to this instant turns have been taken, and no action changes them; epoch milliseconds. -Infinity: none was due yet. */
  get dueUntil(): number {
    return this.#dueUntil;
  }

  start(): void {
    this.#pacer.start();
  }

  stop(): void {
    this.#pacer.stop();
  }

  /** @param slice the same one, of the plan as it has become */
  amended(slice: Slice): void {
    if (this.#pacer.isStopped) return;
    this.#turns = makeReconnectTurns(slice);
    this.#pacer.amended();
  }

  dueAt(i: number): number {
    return this.#settings.publishAt + this.#turns.offsetMs(i);
  }

  due(i: number, dueAt: number): void {
    this.#dueUntil = dueAt;
    this.#settings.connections.reconnect(this.#turns.deviceOf(i), dueAt);
  }

  tickEnd(): void {}
}
