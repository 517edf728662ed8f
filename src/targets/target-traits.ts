import type { AuthKind, MqttVersion, ObserverName, Protocol } from '../profile/load-profile.ts';
import type { TargetLimits } from '../profile/target-limits.ts';
import type { QuotaName } from './aws-iot/quotas.ts';
import type { KnownTarget } from './known-target.ts';
import type { MqttEndpoint } from './mqtt-endpoint.ts';
import type { Target } from './target.ts';

/**
 * What a kind of target offers, allows and costs, and which observers count its messages. Other folders use only this interface
 * and never test the kind.
 */
export interface TargetTraits<Of extends Target = Target> {
  readonly kind: Of['kind'];
  readonly offers: TargetOffers;
  /** The limits for a load profile. */
  readonly limits: TargetLimits;
  /** Quotas of the account that its use counts against; none: the quotas of the service are not known. */
  readonly quotas: readonly QuotaName[];
  /** Whether its use is on a bill that Stampede can forecast, at the prices of `aws-iot/prices.ts`. */
  readonly isPriced: boolean;
  /** Whether embedded AWS stands in for it on loopback: such a run is a rehearsal, forecast as the same run on AWS. */
  readonly isEmulated: boolean;
  /**
   * Where messages are seen and counted unless the profile says otherwise, the primary one first, beside the devices that echo.
   */
  readonly observers: readonly ObserverName[];
  /** The service's own counts, which the ledger is reconciled with. `sys-topics`: what a broker publishes under `$SYS`, if it does. */
  readonly serviceCounts: 'cloudwatch' | 'sys-topics' | undefined;
  /** Whether control messages of a run go to it: the IoT Core of the account that the run takes place in. */
  readonly takesControl: boolean;
  /** Whether the account's own endpoint may be loaded without being in `allowedHosts`. */
  readonly mayBeAccounts: boolean;
  /** AWS Region of a target that a profile names; undefined: it has none, or that of the account that the run takes place in. */
  regionOf(target: Of): string | undefined;
  /** Every host that it would load. */
  hostsOf(target: Of): string[];
  /** What the state machine hands to the slices beside plan.json, for `checkPlanned`. */
  namesOf(target: Of): string[];
  /** Where devices connect by MQTT, the default first; empty: not at all. */
  mqttEndpointsOf(target: Of): readonly MqttEndpoint[];
  /** Where devices publish over HTTPS, and where control messages go. */
  dataUrlOf(target: Of): string | undefined;
  /** Whether a bill comes of it. */
  isCharged(target: Of): boolean;
  /** For a report. @param isRehearsal without the port, which is any free one */
  describe(target: Of, isRehearsal: boolean): string;
  /**
   * Checks the target of a plan again, where connections are made: plan.json is a file, and devices bring credentials.
   * @throws ForgedTargetError
   */
  checkPlanned(target: Of, known: KnownTarget): void;
}

export interface TargetOffers {
  /** Those that a profile may name. */
  readonly observers: readonly ObserverName[];
  /** Whether the run's own rule takes messages by its name (Basic Ingest). */
  readonly basicIngest: boolean;
  /** Whether it publishes an event when a client connects or disconnects. */
  readonly presence: boolean;
  /** Versions of MQTT over which clients can share a subscription (`$share`). */
  readonly sharedSubscriptions: readonly ('3.1.1' | '5')[];
  /** Whether messages are requests of the method, path and headers that a profile's `http` says. */
  readonly requests: boolean;
  readonly protocols: readonly Protocol[];
  readonly mqttVersions: readonly MqttVersion[];
  readonly qos: readonly (0 | 1 | 2)[];
  readonly auth: readonly AuthKind[];
}
