/** Legs: each is one Lambda invocation's stretch of a slice. */
export interface LegSettings {
  /** The longest stretch. */
  readonly lengthMs: number;
  /** How long devices move from one leg to the next; absent: as long as their connects need. */
  readonly overlapMs?: number;
}
