import type { AccountLimits } from '../../plan/quotas.ts';
import { TokenBucket } from './token-bucket.ts';

/**
 * The account's quotas as the broker asks for them. Each `admit…` says whether one more is allowed now, and takes it.
 * Quotas of facts.md that are not asked for here are not enforced: docs/iot-core-fidelity.md lists them.
 */
export class AccountQuotas {
  readonly limits: AccountLimits;
  readonly #publishIn: TokenBucket;
  readonly #connect: TokenBucket;

  constructor(limits: AccountLimits, burstSeconds: number) {
    this.limits = limits;
    this.#publishIn = new TokenBucket(limits.publishInPerSecond, burstSeconds);
    this.#connect = new TokenBucket(limits.connectsPerSecond, burstSeconds);
  }

  /** Inbound publishes of the account, over MQTT and HTTP together. */
  admitPublishIn(nowMs: number): boolean {
    return this.#publishIn.take(nowMs);
  }

  admitConnect(nowMs: number): boolean {
    return this.#connect.take(nowMs);
  }
}
