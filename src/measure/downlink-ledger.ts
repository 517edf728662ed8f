/** What became of the commands of one backend, beside its publishes and what the observer `downlink` saw of them. */
export interface DownlinkLedger {
  /** Name of the backend's group. */
  readonly group: string;
  /** Deliveries that did not come, and that were due while their device was not subscribed. */
  readonly offline: number;
  /** Of those that were offline, the ones that a session was to keep, and of these the ones that expired before their device could receive them. */
  readonly kept: number;
  readonly expired: number;
  /** Deliveries that did not come as far as is known: the slice of their device had stored its last record, or a late backend may have sent them while their device was not subscribed. */
  readonly unknown: number;
  /** Absent: none are due. */
  readonly replies?: ReplyTotals;
}

/** `due = replied + timedOut + unknown`. */
export interface ReplyTotals {
  /** A reply for each delivery, whether it came or not, to a device that replies. */
  readonly due: number;
  /** Within the timeout. */
  readonly replied: number;
  readonly timedOut: number;
  /** The backend's slice had stored its last record. */
  readonly unknown: number;
  /** Came after the timeout: those are among `timedOut`. */
  readonly late: number;
  /** That devices sent. */
  readonly sent: number;
}
