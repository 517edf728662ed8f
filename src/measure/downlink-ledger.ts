/** What became of the commands of one backend, beside its publishes and what the observer `downlink` saw of them. */
export interface DownlinkLedger {
  /** Name of the backend's group. */
  readonly group: string;
  /** Deliveries that did not come, and that were due while their device was not subscribed. */
  readonly offline: number;
  /** Of those that were offline, the ones that a session was to keep, and of these the ones that expired before their device could receive them. */
  readonly kept: number;
  readonly expired: number;
  /** Deliveries that did not come as far as is known. */
  readonly unknown: number;
  /** Why; they are as many. */
  readonly unknownBecause: Readonly<Record<UnknownReason, number>>;
  /** Absent: none are due. */
  readonly replies?: ReplyTotals;
}

export const unknownReasons = ['receiver-ended', 'backend-ended', 'near-offline'] as const;

/**
 * `receiver-ended`: the slice of the device had stored its last record. `backend-ended`: it is not recorded when they were sent, because their
 * backend's slice died. `near-offline`: they were sent late, in the tenth of a second in which the device went offline or was subscribed again.
 */
export type UnknownReason = (typeof unknownReasons)[number];

/** `due = replied + timedOut + unknown`. */
export interface ReplyTotals {
  /** A reply for each delivery, whether it came or not, to a device that replies. */
  readonly due: number;
  /** Within the timeout. */
  readonly replied: number;
  readonly timedOut: number;
  /** Of those, the ones to commands that came, and that were due while the backend's client was not subscribed, as of offline deliveries. */
  readonly offline: number;
  /** The backend's slice had stored its last record. */
  readonly unknown: number;
  /** Came after the timeout: those are among `timedOut`. */
  readonly late: number;
  /** That devices sent. */
  readonly sent: number;
}
