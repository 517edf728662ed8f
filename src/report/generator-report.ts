export interface GeneratorSummary {
  /** That left a result or a checkpoint. */
  readonly slices: number;
  /** User and system, of all slices. */
  readonly cpuSeconds: number;
  /** Of the busiest slice in its busiest second, of one vCPU. */
  readonly peakCpuShare: number;
  readonly sentPerCpuSecond: number;
  /** Of the slice that took the most; and of all slices together. */
  readonly maxRssBytes: number;
  readonly rssBytes: number;
  /** Memory that devices cost, without the idle process, per 1,000 devices. */
  readonly bytesPer1000Devices: number;
  /** Of the slice that was latest. */
  readonly startLagMs: number;
  readonly eventLoopDelayP99Ms: number;
  readonly eventLoopDelayMaxMs: number;
  /** How far a slice's clock may be behind its machine's, of the slice where that is most; null where none says. */
  readonly clockBracketMs: number | null;
  /** Whether the generator itself was the bottleneck. */
  readonly health: GeneratorVerdict;
}

/**
 * `kept-up`: on time, with room to spare. `strained`: on time, at its limit. `bottleneck`: late, and busy, late to start or out of
 * descriptors. `waited`: late although it had time, or only by connects that failed at the endpoint. `idle`: it sent nothing,
 * and no message that was due was late.
 */
export type GeneratorState = 'kept-up' | 'strained' | 'bottleneck' | 'waited' | 'idle';

export interface GeneratorVerdict {
  readonly state: GeneratorState;
  /** One sentence for people. */
  readonly sentence: string;
  /** Signs that the generator was at its limit, as text; empty if there are none. */
  readonly signs: readonly string[];
}
