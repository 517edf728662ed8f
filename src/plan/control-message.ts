import type { SearchEnd } from './search/search-answer.ts';

/** What ended a slice before its time, as its result has it. */
export interface ControlMessage {
  readonly command: 'stop';
  /** Who requested it, and why. */
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** `run`: its state machine, by a threshold or because too many slices failed. `search`: its capacity search is over. Absent: a user. */
  readonly by?: 'run' | 'search';
  /** By a search: how it ended. */
  readonly ended?: SearchEnd;
  /** Present if a threshold ended the run (`abortOnFail`). */
  readonly threshold?: FailedThreshold;
}

/** What the threshold was, and what was measured when it failed. */
export interface FailedThreshold {
  readonly metric: string;
  readonly expression: string;
  readonly actual: number;
}
