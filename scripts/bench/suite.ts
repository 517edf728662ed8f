import type { Figure } from './figure.ts';

export interface BenchOptions {
  /** Times that each thing is measured. */
  readonly rounds: number;
  /** Of load in one measurement. */
  readonly seconds: number;
  /** All combinations instead of those that stand for them. */
  readonly full: boolean;
}

/** What a suite is given: what was asked for, and where its figures go. */
export interface Bench extends BenchOptions {
  report(figure: Figure): void;
  /** Something could not be measured here, and why. */
  skip(what: string): void;
  /** Before something that takes long. */
  progress(what: string): void;
}

export interface Suite {
  readonly name: string;
  /** One line, for `--help`. */
  readonly about: string;
  run(bench: Bench): Promise<void>;
}
