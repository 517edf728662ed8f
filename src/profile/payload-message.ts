/** What a function of the user's makes a payload of: one message. */
export interface PayloadMessage {
  readonly runId: string;
  /** Index of the device over the whole run, as `{{deviceIndex}}`, and its id, as `{{deviceId}}`. */
  readonly device: number;
  readonly deviceId: string;
  /** Number of the message within its device and kind: 0, 1, 2, …; a device that replaces another goes on from its number. */
  readonly n: number;
  /** When it is due, milliseconds after publishing began: the same in every run of a plan. */
  readonly elapsedMs: number;
  /** When it is due, and when it is sent, epoch milliseconds. */
  readonly at: number;
  readonly now: number;
  /** The profile's `seed`. */
  readonly seed: number;
  /** `payload` of the profile, its templates filled in. */
  readonly values: unknown;
  /** A number in [0, 1), seeded by (seed, device, n): the same in every run. */
  readonly random: () => number;
}

/**
 * Makes the payload of one message, at once: no promise.
 * @returns bytes as they are, a string as UTF-8, any other value as JSON
 */
export type PayloadFunction = (message: PayloadMessage) => unknown;
