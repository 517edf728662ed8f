/** A level that is held for a while. All instants are epoch milliseconds; a hold is whole epoch seconds, because series are by second. */
export interface SearchStep {
  /** 0, 1, 2 … in the order of time. */
  readonly step: number;
  /** In the unit of what is searched, such as messages a second. */
  readonly level: number;
  /** When the level takes effect. */
  readonly at: number;
  readonly holdFrom: number;
  /** The hold ends before this instant. */
  readonly holdUntil: number;
  /** Number of the first step with this level. Absent: this is the first. */
  readonly repeats?: number;
  /** Of a search that holds an objective: why it has this level. */
  readonly move?: LevelMove;
}

/**
 * `approach`: the objective is far. `track`: it is near, and the level follows it. `back-off`: the service was overloaded. `drain`: it
 * still works off the backlog. `resume`: that is done.
 */
export type LevelMove = 'approach' | 'track' | 'back-off' | 'drain' | 'resume';

/** `void`: the hold says nothing of the service, because the generator or the measurement was not good enough. */
export type HoldOutcome = 'passed' | 'failed' | 'void';

/** What of a hold decides the next one. */
export type HoldVerdict = Pick<JudgedHold, 'step' | 'level' | 'repeats' | 'outcome' | 'voidBecause'>;

/** Stored as `runs/{runId}/search/{step}.json`. */
export interface JudgedHold extends SearchStep {
  readonly outcome: HoldOutcome;
  /** The thresholds that did not hold; empty unless it failed. */
  readonly broke: readonly BrokenObjective[];
  /** Only of a void hold; at least one. */
  readonly voidBecause?: readonly VoidReason[];
  readonly figures: HoldFigures;
  /** Of a search that holds an objective: its metric, milliseconds; the least that it can be, where messages had not arrived. Null: it has none. */
  readonly objectiveMs?: number | null;
}

/** Of the messages that were due in a hold. */
export interface HoldFigures {
  readonly intended: number;
  readonly sent: number;
  readonly acked: number;
  readonly throttled: number;
  readonly failed: number;
  readonly dropped: number;
  readonly received: number;
  readonly lost: number;
  /** Given up by a queue of ours; absent in holds of older versions. */
  readonly deadLettered?: number;
  /** Sent, and neither received nor lost yet. */
  readonly notYetAccounted: number;
  /** Received, a second of the hold. */
  readonly perSecond: number;
  readonly sentPerSecond: number;
  /** Of a search of connects. */
  readonly connects?: HoldConnects;
  /** By the latency's name in thresholds; milliseconds. */
  readonly latencyMs: Readonly<Record<string, HoldLatency>>;
  /** Name of the quota that refused messages. */
  readonly throttledBy?: string;
}

/** Devices that connect again one after the other. */
export interface HoldConnects {
  /** Turns to end a connection and to connect again that were due, and those in which there was one to end. */
  readonly due: number;
  readonly made: number;
  /** Attempts that were granted, and that failed, retries included. */
  readonly granted: number;
  readonly failed: number;
}

export interface HoldLatency {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** A threshold that a hold did not satisfy. */
export interface BrokenObjective {
  readonly metric: string;
  /** As in the profile: `p(99)<500`. */
  readonly expression: string;
  /** Null: there was nothing to measure. */
  readonly actual: number | null;
  /** Name of the quota that broke it, where one did. */
  readonly quota?: string;
}

/** `generator`: it could not send on time. `dropped`: it did not send. `no-data`: a judged figure has none. */
export interface VoidReason {
  readonly kind: VoidKind;
  readonly sentence: string;
}

export type VoidKind = 'generator' | 'dropped' | 'no-data' | 'slice-died';
