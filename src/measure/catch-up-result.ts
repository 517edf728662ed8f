import type { EncodedHistogram } from './latency-histogram.ts';

/** How devices of a slice caught up on commands that a session had kept for them. */
export interface CatchUpResult {
  /** Connects that went on with a session, and those that did not. */
  readonly resumed: number;
  readonly unresumed: number;
  /** Commands that came on a connection that began after they were sent, each once. */
  readonly stored: number;
  /** From the connect with which a device came back until the last command came that was stored by then; a sample for each. */
  readonly times: EncodedHistogram;
  /** Connections that ended before all that was stored had come: the next one went on with it. */
  readonly interrupted: number;
  /** Commands that came after a later one of the same backend's slice. */
  readonly reordered: number;
  /** Commands that came once more. */
  readonly repeated: number;
}
