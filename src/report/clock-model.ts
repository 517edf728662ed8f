/**
 * How far the service's clocks are ahead of the devices' (negative: behind), milliseconds: `end_to_end_latency`,
 * `rule_latency` and `transit` read too high by as much. Each slice has a clock of its own and bounds of its own
 * (docs/measurement.md, "Two clocks"); these hold for all slices.
 */
export interface ClockOffset {
  /** Of the stamps that those three end at: whole milliseconds, rounded down. A sample of them is right to ±1 of these. */
  readonly stampResolutionMs: number;
  /** The largest of the slices' upper bounds, and the slice. Null where nothing arrived. */
  readonly atMostMs: number | null;
  readonly atMostSlice: number | null;
  /** The smallest of the slices' lower bounds, and the slice. Null where a slice has none: they need echoes. */
  readonly atLeastMs: number | null;
  readonly atLeastSlice: number | null;
  /** Slices that messages arrived from and that have no lower bound. */
  readonly slicesWithoutAtLeast: number;
  /** Whose stamps prove that the service's clocks are behind theirs: a message was stamped before it was sent. */
  readonly behind: ProvenOffset;
  /** Whose echoes show that the service's clocks are ahead of theirs, if a rule sees a message before a subscriber does. */
  readonly ahead: ProvenOffset;
}

export interface ProvenOffset {
  readonly slices: number;
  /** By how much at least in the slice where that is most, and the slice; null where there is none. */
  readonly byAtLeastMs: number | null;
  readonly slice: number | null;
}
