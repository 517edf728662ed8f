import type { PublishHeaders } from './message.ts';

/** The message a client leaves for the case that it goes without a word (3.1.2.5). */
export interface Will {
  readonly topic: string;
  readonly payload: Buffer;
  readonly headers: PublishHeaders;
  /** Seconds after the connection's end, unless the client is back by then (3.1.3.2.2). */
  readonly delaySeconds: number;
}
