import { defaultDeployment } from '../../plan/deployment.ts';
import type { QueueReaders } from '../../plan/queue-readers.ts';
import { streamBatches } from '../../plan/stream-reading.ts';
import type { FaultSettings } from '../../profile/service-faults.ts';
import type { AccountLimits } from '../../targets/aws-iot/quotas.ts';
import type { Credentials } from '../gateway/request-signature.ts';

/**
 * What a QoS 1 publish past a quota of the account gets: nothing (as users report of AWS), an MQTT 5 PUBACK with 0x97
 * (nothing for MQTT 3.1.1, which has no such answer), or the end of its connection, 0x97 in MQTT 5. AWS documents neither.
 */
export const throttleAnswers = ['silent', 'puback', 'disconnect'] as const;
export type ThrottleAnswer = (typeof throttleAnswers)[number];

/** What the one rule is called in its metrics. */
export const defaultRuleName = defaultDeployment.ruleName;

/** What a rehearsal may set; its defaults unless given. */
export interface IotCoreChoices {
  /** Seconds of its rate that a per-second quota grants at once; default 1. See docs/iot-core-fidelity.md. */
  readonly burstSeconds?: number;
  /** What a QoS 1 publish past the account's quota gets; default `silent`. */
  readonly throttleAnswer?: ThrottleAnswer;
  /** What a client meets that does what no policy allows; default: a publish disconnects, a subscription is refused. */
  readonly unauthorized?: Partial<UnauthorizedSettings>;
  /** Replaces the deployed queue's. */
  readonly queue?: Partial<QueueSettings>;
  /** Faults on the service's side from the start; default: none. */
  readonly faults?: Partial<FaultSettings>;
}

/** Takes these choices out of settings that hold more. */
export function iotCoreChoicesOf(settings: IotCoreChoices): IotCoreChoices {
  const { burstSeconds, throttleAnswer, unauthorized, queue, faults } = settings;
  return {
    ...(burstSeconds === undefined ? {} : { burstSeconds }),
    ...(throttleAnswer === undefined ? {} : { throttleAnswer }),
    ...(unauthorized === undefined ? {} : { unauthorized }),
    ...(queue === undefined ? {} : { queue }),
    ...(faults === undefined ? {} : { faults }),
  };
}

/** Settings of an embedded IoT Core: plain data, because they cross a process boundary. */
export interface IotCoreSettings {
  /** Loopback ports; 0 takes any free one. `mqtts`, `wss` and `https` are what 8883, 443 and 8443 are to the service. */
  readonly ports: Readonly<Record<'mqtt' | 'mqtts' | 'wss' | 'https' | 'http' | 'admin', number>>;
  readonly listeners: ListenerSettings;
  readonly rule: { readonly name: string; readonly sql: string };
  readonly queue: QueueSettings;
  /** Present: the rule's action puts its messages into this stream, and not into the queue. */
  readonly stream?: StreamSettings | undefined;
  /** Where batches go. */
  readonly subscriber: {
    /** Base URL of the Lambda API: `http://127.0.0.1:4566`. */
    readonly invokeUrl: string;
    readonly functionName: string;
    /** Signs them. */
    readonly accessKey: Credentials;
  };
  /** `Authorization: Bearer …` of every request to the admin port. */
  readonly adminToken: string;
  readonly limits: AccountLimits;
  /** How much of a per-second quota may be used at once, in seconds of its rate: see docs/iot-core-fidelity.md. */
  readonly burstSeconds: number;
  readonly throttleAnswer: ThrottleAnswer;
  readonly faults: FaultSettings;
  readonly unauthorized: UnauthorizedSettings;
}

/** Which clients may connect. Policies are documents as AWS has them; where none are set, everything is allowed. */
export interface ListenerSettings {
  readonly accessKeys: readonly AccessKeySettings[];
  /** Policy of the fleet's certificate, which is made at the start. */
  readonly fleetPolicies?: readonly unknown[] | undefined;
  /** Certificates that are registered beside the fleet's. */
  readonly certificates: readonly CertificateSettings[];
  readonly authorizers: readonly AuthorizerSettings[];
  /** Name of the custom authorizer for clients that name none. */
  readonly defaultAuthorizer?: string | undefined;
  /** Where the fleet's certificate and its key are written, and the authority's; absent: nowhere. */
  readonly certificatesDirectory?: string | undefined;
}

/** The fleet's certificate alone. */
export const defaultListeners: ListenerSettings = {
  accessKeys: [],
  certificates: [],
  authorizers: [],
};

export interface AccessKeySettings extends Credentials {
  readonly policies?: readonly unknown[];
}

export interface CertificateSettings {
  /** PEM. */
  readonly certificate: string;
  readonly policies?: readonly unknown[];
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/config-custom-auth.html */
export interface AuthorizerSettings {
  readonly name: string;
  readonly functionName: string;
  /** Under which a client passes its token. */
  readonly tokenKeyName?: string;
  /** PEM; present: the token has to be signed with the key of one of them. */
  readonly publicKeys?: readonly string[];
}

/**
 * What a client meets that does what no policy allows. AWS documents reason codes for both, and not which it uses when:
 * see docs/iot-core-fidelity.md.
 */
export interface UnauthorizedSettings {
  /** `refuse`: the message is dropped, MQTT 5 gets a PUBACK with the reason, and the connection stays. */
  readonly publish: 'disconnect' | 'refuse';
  /** `refuse`: the SUBACK says so of that filter, and the connection stays. */
  readonly subscribe: 'refuse' | 'disconnect';
}

export const defaultUnauthorized: UnauthorizedSettings = { publish: 'disconnect', subscribe: 'refuse' };

/**
 * The queue behind the rule and its event source mapping, named as Lambda names them.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
export interface QueueSettings {
  readonly name: string;
  /** Records in a batch, 1–10,000. A batch is also at most 6 MB. */
  readonly batchSize: number;
  readonly maximumBatchingWindowMs: number;
  readonly readers: QueueReaders;
  /** How long a message that failed stays away before it is received again. */
  readonly visibilityTimeoutMs: number;
  /** Times a message is received before it counts as dead. */
  readonly maxReceiveCount: number;
}

/** What the rule could not deliver. */
export const ruleErrorQueueName = 'stampede-rule-errors';
export const deadLetterQueueName = 'stampede-arrivals-dead-letters';

/** Where nothing is read from the stack. */
export const defaultQueue: QueueSettings = {
  name: 'stampede-arrivals',
  batchSize: defaultDeployment.arrivals.batchSize,
  maximumBatchingWindowMs: defaultDeployment.arrivals.batchWindowSeconds * 1_000,
  readers: defaultDeployment.arrivals.readers,
  visibilityTimeoutMs: 30_000,
  maxReceiveCount: 3,
};

/**
 * The stream behind the rule and its event source mapping, named as Lambda names them.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
 */
export interface StreamSettings {
  readonly name: string;
  /** Shards of 1,000 records and 1 MB a second each. */
  readonly shards: number;
  /** Records in a batch, 1–10,000. A batch is also at most 6 MB. */
  readonly batchSize: number;
  readonly maximumBatchingWindowMs: number;
  /** Batches under way at once. AWS has one for each shard, which this machine has not the processes for. */
  readonly maximumConcurrency: number;
  /** How often a batch that failed is tried again before it is given up. */
  readonly maximumRetryAttempts: number;
  /** Records that are older are given up, tried or not. */
  readonly maximumRecordAgeMs: number;
  /** Whether a batch that failed is tried again in two halves. */
  readonly bisectBatchOnFunctionError: boolean;
}

/** As the stack deploys it, but for the concurrency: a test holds the two equal. */
export const defaultStream: StreamSettings = {
  name: 'stampede-dev-arrivals',
  shards: 25,
  batchSize: streamBatches.size,
  maximumBatchingWindowMs: streamBatches.windowSeconds * 1_000,
  maximumConcurrency: 2,
  maximumRetryAttempts: streamBatches.retries,
  maximumRecordAgeMs: streamBatches.maximumAgeSeconds * 1_000,
  bisectBatchOnFunctionError: false,
};
