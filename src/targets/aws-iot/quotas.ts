import { maxSlices } from '../../shared/run-bounds.ts';
import { regionalLimits } from './default-limits.ts';
import { iotCoreLimits } from './iot-core-limits.ts';
import { type StackQuotaName, stackQuotas } from './stack-quotas.ts';

/**
 * Quotas of an AWS account: the limits for a plan's peaks, and what the embedded IoT Core enforces. The values
 * are AWS's defaults, of a large Region; where the live ones can be read (Service Quotas, Lambda GetAccountSettings) they replace these.
 * @see https://docs.aws.amazon.com/general/latest/gr/iot-core.html
 */
export interface Quota {
  /** As AWS names it, shortened. */
  readonly label: string;
  readonly unit: string;
  /** `connection` and `slice`: for each one, not for the account. */
  readonly scope: 'account' | 'connection' | 'slice' | 'run';
  /** Whether AWS raises it on request. What it does not raise is a wall, and no share of it is held back. */
  readonly adjustable: boolean;
  /**
   * Stampede keeps to it by itself, however large the load: devices wait or slices grow in number. Shown, but it neither
   * binds a plan nor refuses one.
   */
  readonly isKept?: true;
  readonly limit: number;
  /** In the smaller Regions, where that differs. */
  readonly smallRegionLimit?: number;
  /** How to raise it, where that is not a request to AWS. */
  readonly raise?: string;
  /** To read the live value with: the code in Service Quotas. */
  readonly live?: { readonly serviceCode: string; readonly quotaCode: string };
}

/** Quota codes of `iotcore` are from secondary sources: what cannot be read live falls back to the default. */
function iotCore(quotaCode: string) {
  return { serviceCode: 'iotcore', quotaCode };
}

/** By Region: the table is `default-limits.ts`. */
function regional(name: keyof typeof regionalLimits) {
  const { large, small } = regionalLimits[name];
  return { limit: large, smallRegionLimit: small };
}

export const quotas = {
  /** CloudWatch counts them as PublishIn. */
  publishInPerSecond: {
    label: 'inbound publishes per second (PublishIn)',
    unit: '/s',
    scope: 'account',
    adjustable: true,
    ...regional('publishInPerSecond'),
    live: iotCore('L-4B33E451'),
  },
  publishOutPerSecond: {
    label: 'outbound publishes per second (PublishOut)',
    unit: '/s',
    scope: 'account',
    adjustable: true,
    ...regional('publishOutPerSecond'),
    live: iotCore('L-FE4EDCF9'),
  },
  connectsPerSecond: {
    label: 'connects per second',
    unit: '/s',
    scope: 'account',
    adjustable: true,
    ...regional('connectsPerSecond'),
    live: iotCore('L-AEA1E176'),
  },
  connectsPerSecondPerClientId: {
    label: 'connects per second per client id',
    unit: '/s',
    scope: 'connection',
    adjustable: false,
    isKept: true,
    limit: 1,
    live: iotCore('L-033DE216'),
  },
  concurrentConnections: {
    label: 'concurrent connections',
    unit: '',
    scope: 'account',
    adjustable: true,
    ...regional('concurrentConnections'),
    live: iotCore('L-75CAB723'),
  },
  publishesPerSecondPerConnection: {
    label: 'publishes per second per connection',
    unit: '/s',
    scope: 'connection',
    adjustable: false,
    limit: iotCoreLimits.publishesPerSecondPerConnection,
    live: iotCore('L-083F3861'),
  },
  bytesPerSecondPerConnection: {
    label: 'throughput per connection',
    unit: ' bytes/s',
    scope: 'connection',
    adjustable: false,
    limit: iotCoreLimits.bytesPerSecondPerConnection,
    live: iotCore('L-D9C66F9D'),
  },
  unacknowledgedPerClient: {
    label: 'unacknowledged QoS 1 publishes per client',
    unit: '',
    scope: 'connection',
    adjustable: false,
    isKept: true,
    limit: iotCoreLimits.unacknowledgedPerClient,
    live: iotCore('L-8736D8E0'),
  },
  /** Towards the client, where it states no receive maximum below. */
  unacknowledgedOutPerClient: {
    label: 'unacknowledged QoS 1 deliveries per client',
    unit: '',
    scope: 'connection',
    adjustable: false,
    isKept: true,
    limit: iotCoreLimits.unacknowledgedPerClient,
    live: iotCore('L-0DD80F19'),
  },
  /** Stored for clients of persistent sessions that are not connected; the excess is dropped. Quota code and figure from secondary sources. */
  queuedMessagesPerSecond: {
    label: 'messages queued for sleeping clients per second',
    unit: '/s',
    scope: 'account',
    adjustable: true,
    limit: 500,
    live: iotCore('L-35DA9240'),
  },
  /**
   * Towards a client that is connected again, beside what is published meanwhile; the rest waits.
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt-persistent-sessions
   */
  storedMessagesPerSecondPerClient: {
    label: 'stored messages sent per second per client',
    unit: '/s',
    scope: 'connection',
    adjustable: false,
    isKept: true,
    limit: iotCoreLimits.storedMessagesPerSecond,
  },
  /** Topic filters, not packets: two SUBSCRIBE of three filters each are six. */
  subscribesPerSecond: {
    label: 'subscribes per second',
    unit: '/s',
    scope: 'account',
    adjustable: true,
    ...regional('subscribesPerSecond'),
    live: iotCore('L-589D5E1D'),
  },
  subscriptionsPerConnection: {
    label: 'subscriptions per connection',
    unit: '',
    scope: 'connection',
    adjustable: false,
    isKept: true,
    limit: iotCoreLimits.subscriptionsPerConnection,
    live: iotCore('L-45957C13'),
  },
  subscriptionsPerSubscribe: {
    label: 'topic filters per SUBSCRIBE',
    unit: '',
    scope: 'connection',
    adjustable: false,
    isKept: true,
    limit: iotCoreLimits.subscriptionsPerSubscribe,
  },
  sharedSubscriptionsPerGroup: {
    label: 'subscriptions of a shared subscription’s group',
    unit: '',
    scope: 'account',
    adjustable: false,
    limit: 100,
  },
  retainedPublishesPerSecond: {
    label: 'retained publishes per second',
    unit: '/s',
    scope: 'account',
    adjustable: true,
    limit: 500,
  },
  retainedPublishesPerSecondPerTopic: {
    label: 'retained publishes per second per topic',
    unit: '/s',
    scope: 'account',
    adjustable: false,
    limit: 1,
  },
  ruleEvaluationsPerSecond: {
    label: 'rule evaluations per second',
    unit: '/s',
    scope: 'account',
    adjustable: true,
    ...regional('ruleEvaluationsPerSecond'),
    live: iotCore('L-5E9B88DA'),
  },
  /**
   * Per Region; some new accounts begin with 10. Read live by Lambda's GetAccountSettings.
   * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
   */
  lambdaConcurrency: {
    label: 'concurrent Lambda invocations',
    unit: '',
    scope: 'account',
    adjustable: true,
    limit: 1_000,
  },
  /** @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
  lambdaSeconds: {
    label: 'Lambda time of a slice',
    unit: ' s',
    scope: 'slice',
    adjustable: false,
    limit: 900,
  },
  /** @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
  fileDescriptors: {
    label: 'file descriptors of a slice',
    unit: '',
    scope: 'slice',
    adjustable: false,
    isKept: true,
    limit: 1_024,
  },
  /** @see https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
  mapChildren: {
    label: 'concurrent children of a Distributed Map',
    unit: '',
    scope: 'run',
    adjustable: false,
    limit: maxSlices,
  },
  /** 256 KiB of any state's input or output. @see https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
  statePayloadBytes: {
    label: 'state payload',
    unit: ' bytes',
    scope: 'run',
    adjustable: false,
    limit: 262_144,
  },
} as const satisfies Record<string, Quota>;

export type QuotaName = keyof typeof quotas;

/** Of where slices run, whatever they load: Lambda and Step Functions. */
export const runnerQuotaNames: readonly QuotaName[] = [
  'lambdaConcurrency',
  'lambdaSeconds',
  'fileDescriptors',
  'mapChildren',
  'statePayloadBytes',
];

/** Of AWS IoT Core. */
export const iotQuotaNames: readonly QuotaName[] = (Object.keys(quotas) as QuotaName[]).filter(
  (name) => !runnerQuotaNames.includes(name),
);

export type AnyQuotaName = QuotaName | StackQuotaName;

/** What is known of a quota, the account's or the stack's, but for its limit. */
export function describeQuota(name: AnyQuotaName): Omit<Quota, 'limit'> {
  return name in stackQuotas ? stackQuotas[name as StackQuotaName] : quotas[name as QuotaName];
}

/** `small`: the Regions with a tenth of the throughput. */
export type QuotaPreset = 'default' | 'small';

/** The limits in force, by quota. */
export type AccountLimits = Readonly<Record<QuotaName, number>>;

/** A preset, with whatever could be read live in its place. */
export function accountLimitsOf(
  preset: QuotaPreset,
  live: Readonly<Partial<Record<QuotaName, number>>> = {},
): AccountLimits {
  const limits: Partial<Record<QuotaName, number>> = {};
  for (const [name, quota] of Object.entries(quotas) as [QuotaName, Quota][]) {
    const preset_ = preset === 'small' ? (quota.smallRegionLimit ?? quota.limit) : quota.limit;
    limits[name] = live[name] ?? preset_;
  }
  return limits as AccountLimits;
}
