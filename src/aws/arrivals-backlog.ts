import type { DeadLetters } from '../measure/backlog.ts';

/** What stands between the rule and the subscriber, and what either of them gave up. `direct` has no source. */
export interface ArrivalsBacklog {
  readonly source?: ArrivalsSource;
  readonly deadLetterQueues: readonly DeadLetterQueue[];
}

/** Where measure-latency reads from: a queue, or a stream. */
export interface ArrivalsSource {
  /** `arrivals queue`; for sentences. */
  readonly name: string;
  unread(): Promise<Unread>;
}

export interface Unread {
  /** Messages that no invocation of measure-latency has finished with, of any run. */
  readonly count: number;
  /** How long reading may stand still before it is taken to have ended, milliseconds. */
  readonly longestPauseMs: number;
}

/** Where messages go that were given up. */
export interface DeadLetterQueue {
  /** `dead-letter queue`; for sentences. */
  readonly name: string;
  /** Reads them all, and leaves them where they are. */
  read(runId: string): Promise<ReadDeadLetters>;
}

export interface ReadDeadLetters {
  /** Of that run, by reason. */
  readonly deadLetters: readonly DeadLetters[];
  /** Messages, of any run, that are in the queue and could not be looked at in time. */
  readonly left: number;
}
