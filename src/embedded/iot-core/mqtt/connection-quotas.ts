import type { AccountQuotas } from '../account-quotas.ts';
import { TokenBucket } from '../token-bucket.ts';

/**
 * What one connection may do a second: publishes each way, of which the excess is discarded, and bytes both ways together,
 * of which the excess is delayed.
 * @see https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits
 */
export class ConnectionQuotas {
  readonly #account: AccountQuotas;
  readonly #bytes: TokenBucket;
  /** Made when first needed: a device publishes or listens, few do both. */
  #publishIn: TokenBucket | undefined;
  #publishOut: TokenBucket | undefined;

  constructor(account: AccountQuotas) {
    this.#account = account;
    this.#bytes = new TokenBucket(account.limits.bytesPerSecondPerConnection, account.burstSeconds);
  }

  admitPublishIn(nowMs: number): boolean {
    this.#publishIn ??= this.#publishes();
    return this.#publishIn.take(nowMs) || this.#account.refuse('publishesPerSecondPerConnection');
  }

  admitPublishOut(nowMs: number): boolean {
    this.#publishOut ??= this.#publishes();
    return this.#publishOut.take(nowMs) || this.#account.refuse('publishesPerSecondPerConnection');
  }

  /** Counts bytes that came or went. @returns for how many milliseconds the connection has to stand still */
  spendBytes(bytes: number, nowMs: number): number {
    return this.#bytes.spend(nowMs, bytes);
  }

  #publishes(): TokenBucket {
    const { limits, burstSeconds } = this.#account;
    return new TokenBucket(limits.publishesPerSecondPerConnection, burstSeconds);
  }
}
