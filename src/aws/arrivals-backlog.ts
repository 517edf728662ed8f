import type { MessageSets } from '../measure/message-sets.ts';
import type { DeadLetters } from '../measure/unread-backlog.ts';

/** What stands between the rule and its reader, and what either of them gave up. */
export interface ArrivalsBacklog {
  readonly source?: ArrivalsSource;
  readonly deadLetterQueues: readonly DeadLetterQueue[];
}

/** Where measure-latency reads from: a queue, or a stream. */
export interface ArrivalsSource {
  /** `arrivals queue`; for sentences. */
  readonly name: string;
  unread(run: ReadRun): Promise<Unread>;
}

/** A run, and how far its windows show that it has been read. */
export interface ReadRun {
  readonly runId: string;
  /** Epoch milliseconds of its plan: no message of it is older. */
  readonly createdAt: number;
  /** For each shard of a stream, the last record that is in a window. */
  readonly readUpTo: ReadonlyMap<string, string>;
}

export interface Unread {
  /** Which messages of the run those are, where the source can say it. */
  readonly messages?: MessageSets;
  /** Messages that no invocation of measure-latency has finished with, of any run. */
  readonly count: number;
  /** It may hold more than it can say. */
  readonly mayHoldMore?: boolean;
  /** How long reading may stand still before it is taken to have ended, milliseconds. */
  readonly longestPauseMs: number;
}

/** Where messages go that were given up. */
export interface DeadLetterQueue {
  /** `dead-letter queue`; for sentences. */
  readonly name: string;
  /** Reads them all, and leaves them where they are. @param createdAt of the run: older messages belong to other runs */
  read(runId: string, createdAt?: number): Promise<ReadDeadLetters>;
}

export interface ReadDeadLetters {
  /** Messages of that run, by reason. */
  readonly deadLetters: readonly DeadLetters[];
  /** Messages, of any run, that are in the queue and could not be looked at in time. */
  readonly left: number;
}
