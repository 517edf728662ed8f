import type { TimeRange } from './lifecycle-kinds.ts';

/** Of a backend: the devices that its commands are for. */
export interface CommandSettings {
  /** The group whose devices receive; absent: all groups of devices over MQTT. */
  readonly to?: string;
  /** One command reaches one device, each in its turn; or all of them, by one topic. */
  readonly address: 'device' | 'broadcast';
  /** From when a command was sent. */
  readonly replyTimeoutMs: number;
}

/** How devices reply to commands. */
export interface ReplySettings {
  /** From a command's arrival to its reply. */
  readonly delay: TimeRange;
}
