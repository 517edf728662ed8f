import type { AccountQuotas } from '../account-quotas.ts';
import type { Clock } from '../broker-clock.ts';
import type { Faults } from '../faults.ts';
import type { ProtocolMetrics } from '../iot-metrics.ts';
import type { ThrottleAnswer, UnauthorizedSettings } from '../settings.ts';
import type { LateAcks } from './late-acks.ts';
import type { LifecycleEvents } from './lifecycle-events.ts';
import type { Router } from './router.ts';
import type { Sessions } from './sessions.ts';

/** What the broker is made of. */
export interface BrokerParts {
  readonly clock: Clock;
  readonly metrics: ProtocolMetrics;
  readonly quotas: AccountQuotas;
  readonly faults: Faults;
  readonly router: Router;
  readonly throttleAnswer: ThrottleAnswer;
  readonly unauthorized: UnauthorizedSettings;
  /** Called with internal errors. */
  readonly onError: (error: unknown) => void;
}

/** What connections and the handlers of their packets share. */
export interface BrokerState extends BrokerParts {
  readonly sessions: Sessions;
  readonly lateAcks: LateAcks;
  readonly lifecycle: LifecycleEvents;
}
