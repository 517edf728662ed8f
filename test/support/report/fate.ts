/** What became of one message, independent of who recorded it. */
export interface Fate {
  readonly sent: boolean;
  /** The service took it. */
  readonly taken: boolean;
  readonly acked: boolean;
  readonly throttled: boolean;
  readonly copies: number;
  /** It came into the queue, and waits there or was given up. */
  readonly held: boolean;
  /** Of a run whose devices subscribe to their own messages: it came back. */
  readonly echoed: boolean;
  /** Why it was not sent. */
  readonly dropped?: 'not-connected' | 'backlog' | 'stopped';
}

/** It went as it should. */
export const fine: Fate = {
  sent: true,
  taken: true,
  acked: true,
  throttled: false,
  copies: 1,
  held: false,
  echoed: true,
};
/** It did not come to the service. */
export const unsent = { taken: false, acked: false, copies: 0, held: false, echoed: false };
