export interface GeneratorSummary {
  /** Slices that left a result or a checkpoint. */
  readonly slices: number;
  /** User and system time of all slices. */
  readonly cpuSeconds: number;
  /** Share of one vCPU that the busiest slice used in its busiest second. */
  readonly peakCpuShare: number;
  readonly sentPerCpuSecond: number;
  /** Memory of the slice that used the most, and of all slices. */
  readonly maxRssBytes: number;
  readonly rssBytes: number;
  /** Memory that devices cost, without the idle process, per 1,000 devices. */
  readonly bytesPer1000Devices: number;
  /** Start lag of the slice that was latest. */
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
