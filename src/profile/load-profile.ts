import type { Backoff } from './backoff.ts';
import type { CommandSettings, ReplySettings } from './commands.ts';
import type { FileOrSecret, PasswordSource } from './credential-template.ts';
import type { DeviceStep } from './device-step.ts';
import type { Encoding } from './encoding.ts';
import type { HttpSettings } from './http-settings.ts';
import type { LegSettings } from './leg-settings.ts';
import type { Lifecycle } from './lifecycle-kinds.ts';
import type { NetworkConditions } from './network-presets.ts';
import type { PlannedAction } from './planned-action.ts';
import type { RateStep } from './rate-step.ts';
import type { ReconnectStep } from './reconnect-step.ts';
import type { RegionShare } from './region-shares.ts';
import type { SearchSettings } from './search.ts';
import type { RandomTime, ThinkTime } from './time-distribution.ts';
import type { UserStep } from './user-step.ts';

/** What a run is as a whole, whatever its device groups do. */
export interface RunSettings {
  readonly name: string;
  /** Same seed, same traffic. */
  readonly seed: number;
  readonly slices: Pick<SliceSettings, 'toleratedFailureShare'>;
  /** How slices are divided into legs; absent: as the length of the run has it. */
  readonly legs?: LegSettings;
  /** How the devices are divided over Regions; absent: all are in one. */
  readonly regions?: readonly RegionShare[];
  /** The wait after the last send for messages in flight. */
  readonly drainMs: number;
  readonly limits: Limits;
  /** URL of what is loaded; absent: AWS IoT Core of the account that the run takes place in. */
  readonly target?: string;
  /** Where messages are counted, the primary one first; absent: as the target has it. */
  readonly observers?: readonly ObserverName[];
  /** Hosts that the user vouches for, beside the account's own endpoint and loopback: nothing else is a target. */
  readonly allowedHosts: readonly string[];
  /** What happens to devices while they publish, in the order of the file. Absent: nothing. */
  readonly timeline?: readonly PlannedAction[];
  /** The run searches a level of its load, by holding one after the other. Absent: it has the load of its groups. */
  readonly search?: SearchSettings;
  readonly thresholds: Thresholds;
  /** Flags and variables that replaced settings of the file, for the report: `--rate 100`. */
  readonly overrides?: readonly string[];
}

/** What devices that behave alike do. */
export interface GroupSettings {
  /** Virtual devices: one client id, and over MQTT one connection, each. */
  readonly devices: number;
  readonly connect: ConnectSettings;
  readonly publish: PublishSettings;
  /** Of requests to a web service; absent of messages to a broker. */
  readonly http?: HttpSettings;
  /** Arrival rate at the start of the first stage, messages per second over all devices. 0 unless the load is constant. */
  readonly startRatePerSecond: number;
  /** Linear ramps: each stage goes from the rate before it to `targetPerSecond`. At least one. */
  readonly stages: readonly Stage[];
  /** What actions make of these rates, in the order of time: of profiles that `groupsOf` gives, and never stored. Absent: nothing. */
  readonly rateSteps?: readonly RateStep[];
  /** What actions make of the number of users: of profiles that `groupsOf` gives, and never stored. Absent: nothing. */
  readonly userSteps?: readonly UserStep[];
  /** Devices end their connections and connect again. Absent: none does. */
  readonly reconnects?: readonly ReconnectStep[];
  /** How many devices are taken in. Absent: all. */
  readonly deviceSteps?: readonly DeviceStep[];
  /** How messages are due within the rates. Absent: evenly. Kinds of message have patterns of their own. */
  readonly pattern?: ArrivalPattern;
  /** The closed model; its rates above are an estimate, for what is planned beforehand. Absent: the open model. */
  readonly users?: UserLoad;
  /**
   * Kinds of message that each device sends, in the order of the file; absent: one kind, as `publish` and the load say. With them
   * the load is the sum of theirs, and `publish` holds what they have in common.
   */
  readonly messages?: readonly MessageKind[];
  readonly echo: { readonly fraction: number };
  /** Absent: devices stay awake. */
  readonly lifecycle?: Lifecycle;
  /** Between its devices and the target. Absent: nothing is done to what they send and receive. */
  readonly network?: NetworkConditions;
  /** Of a backend, whose load is commands to devices of other groups. Absent: the group is devices. */
  readonly command?: CommandSettings;
  /** Absent: devices do not reply to commands. */
  readonly reply?: ReplySettings;
  /** What they observe of the run's other devices, besides being idle. */
  readonly observe?: 'presence';
  readonly slices: Pick<SliceSettings, 'devicesPerSlice'>;
}

/** One kind of message of a group, and how much of it there is. */
export interface MessageKind {
  /** Letters, digits, - and _; unique within the group. */
  readonly name: string;
  readonly publish: MessageSettings;
  /** As of the group's load: messages per second over all its devices. */
  readonly startRatePerSecond: number;
  readonly stages: readonly Stage[];
  /** As of the group's load. */
  readonly rateSteps?: readonly RateStep[];
  readonly pattern?: ArrivalPattern;
}

/** Device groups of one profile at most: reports and live views have a column or a row for each. */
export const maxGroups = 50;

export interface GroupProfile extends GroupSettings {
  /** Letters, digits, - and _; unique within the profile. */
  readonly name: string;
}

/** The run's own settings, and its device groups. A flat profile has none: its settings are those of its one group. */
export interface RunProfile extends RunSettings {
  /** Of all groups. */
  readonly devices: number;
  /** In the order of the file; at least one where it is present. */
  readonly groups?: readonly GroupProfile[];
}

/**
 * The load profile as all other layers see it: parsed, every default applied, durations in milliseconds. The user's JSON
 * form is the schema in `schema.ts`; `parse.ts` turns one into the other. With `groups`, the settings of a group that stand
 * here are only what the groups had as their defaults, and `devices` is the sum of theirs.
 */
export interface LoadProfile extends RunProfile, GroupSettings {
  readonly slices: SliceSettings;
}

/** `rule`: the IoT rule's queue or stream. `subscriber`: clients of the run that subscribe to all messages. */
export type ObserverName = 'rule' | 'subscriber';
export type Protocol = 'mqtt' | 'https';
export type MqttVersion = '3.1.1' | '5';
export type MqttClientKind = 'device-sdk' | 'dense';
export type AuthKind = 'sigv4' | 'x509' | 'password' | 'custom' | 'none';

export interface ConnectSettings {
  readonly protocol: Protocol;
  readonly client: MqttClientKind;
  /** Of MQTT. Absent: 5. */
  readonly version?: MqttVersion;
  /** How devices authenticate. Absent: as the endpoint offers first (AWS: sigv4). */
  readonly auth?: AuthKind;
  /** With placeholders (`credential-template.ts`). */
  readonly username?: string;
  readonly password?: PasswordSource;
  /** PEM: authorities to trust, and the devices' certificate. `cert` may be a directory with a pair for each device. */
  readonly ca?: FileOrSecret;
  readonly cert?: FileOrSecret;
  readonly key?: string;
  readonly alpn?: string;
  /** In place of the target's host, for SNI and the check of its certificate. */
  readonly serverName?: string;
  /** The target's certificate is not checked. */
  readonly insecure?: true;
  /** New connections per second over all devices. */
  readonly ratePerSecond: number;
  readonly keepAliveMs: number;
  readonly cleanStart: boolean;
  /** What client ids are made of in place of the run id, the same in every run. Absent: ids are of the run. */
  readonly identity?: string;
  /** How long a session outlives its connection, by MQTT 5. Absent: an hour without a clean start, else 0. */
  readonly sessionExpirySeconds?: number;
  readonly will?: WillSettings;
  readonly timeoutMs: number;
  /** Before a device connects again. Absent: `defaultBackoff`. */
  readonly backoff?: Backoff;
}

/** What the broker publishes of a device whose connection ends without a DISCONNECT. */
export interface WillSettings {
  /** With the placeholders of a message's topic. */
  readonly topic: string;
  /** Any JSON value; strings may hold `{{…}}` templates, which are filled in at the CONNECT. */
  readonly payload: JsonValue;
  readonly qos: 0 | 1 | 2;
  readonly retain?: true;
  /** After the end of the connection, by MQTT 5. Absent: 0. */
  readonly delaySeconds?: number;
}

/** What may differ from one kind of message to another. */
export interface MessageSettings {
  /** Placeholders: {runId} {deviceId} {deviceIndex} {slice}; fixed for a device. */
  readonly topic: string;
  /** Messages go to the stack's rule by its name, and `topic` follows `$aws/rules/{rule}/`. */
  readonly basicIngest?: true;
  readonly qos: 0 | 1 | 2;
  /** Any JSON value; strings may hold `{{…}}` templates. */
  readonly payload: JsonValue;
  /** How the payload is written. Absent: a JSON object with the envelope in it. */
  readonly encoding?: Encoding;
  /** The message is padded up to this size; a larger one stays as it is. Of messages that differ in size, the largest. */
  readonly sizeBytes: number;
  /** The sizes that messages are padded up to, at most `sizeBytes`. Absent: all are. */
  readonly sizes?: SizeDistribution;
  readonly retain?: true;
  /** Of MQTT 5, by name: texts with placeholders and templates. */
  readonly userProperties?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly payloadFormat?: 'utf8' | 'bytes';
  /** At least 1. */
  readonly messageExpirySeconds?: number;
  /** Devices send the alias of a topic that they have sent on the same connection. */
  readonly topicAlias?: true;
}

/** A distribution of sizes, bytes. What would be below 0 is 0. */
export type SizeDistribution =
  | { readonly kind: 'uniform'; readonly leastBytes: number }
  | { readonly kind: 'exponential'; readonly meanBytes: number }
  | { readonly kind: 'normal'; readonly meanBytes: number; readonly sdBytes: number };

export interface PublishSettings extends MessageSettings {
  /** A QoS 1 publish without its PUBACK for this long counts as unacknowledged. */
  readonly ackTimeoutMs: number;
  /** QoS 1 publishes one device may have in flight; AWS IoT Core allows 100. */
  readonly maxUnacknowledged: number;
}

export interface Stage {
  readonly durationMs: number;
  /** Arrival rate reached at the end of the stage, messages per second over all devices. */
  readonly targetPerSecond: number;
  /** Of a closed model: users at the end of the stage. */
  readonly targetUsers?: number;
}

/**
 * How messages are due within the rates of their stages; durations in milliseconds.
 *
 * `poisson`: at random, each as likely at any time. `jitter`: each up to half of `spreadMs` before or after its even turn. `pulse`: all
 * devices within `lastsMs` at the beginning of each `everyMs`. `burst`: each device `count` messages `spacingMs` apart once in
 * `everyMs`; all devices begin within `together`, or one after the other over the whole period. `gaps`: each device waits a time drawn
 * from a distribution after each of its messages.
 */
export type ArrivalPattern =
  | { readonly kind: 'poisson' }
  | { readonly kind: 'jitter'; readonly spreadMs: number }
  | { readonly kind: 'gaps'; readonly gap: RandomTime }
  | {
      readonly kind: 'pulse';
      readonly everyMs: number;
      readonly lastsMs: number;
      readonly isRandom: boolean;
    }
  | {
      readonly kind: 'burst';
      readonly count: number;
      readonly spacingMs: number;
      readonly everyMs: number;
      readonly together?: Pulse;
    };

export interface Pulse {
  readonly lastsMs: number;
  /** Devices come at random within it; otherwise one after the other, evenly. */
  readonly isRandom: boolean;
}

/** The closed model: each user sends a message, waits for its answer, thinks, and goes on. A user is a device. */
export interface UserLoad {
  /** At the start of the first stage. */
  readonly startUsers: number;
  /** From an answer to the next message. */
  readonly thinkTime: ThinkTime;
  /** Messages a second that one user sends at most; absent: no bound. */
  readonly throughputPerUser?: number;
}

export interface SliceSettings {
  /** Absent: chosen by the plan from quotas and file descriptors. */
  readonly devicesPerSlice?: number;
  /** Share of slices (0–1) that may die before the run counts as failed. */
  readonly toleratedFailureShare: number;
}

export interface Limits {
  /** Whether a plan past them is refused; otherwise they are reported, and it runs. */
  readonly enforce: boolean;
  /** Share of each quota (0–1) a plan may use. */
  readonly quotaShare: number;
  /** Absent: no ceiling. */
  readonly maxCostUsd?: number;
}

/** By metric name: the profile's, then the defaults. An empty list: the profile switched the default off. */
export type Thresholds = Readonly<Record<string, readonly Threshold[]>>;

/** A rule that decides the verdict and, with `abortOnFail`, may end the run before its time. */
export interface Threshold {
  /** In k6's grammar: `p(99)<500`. */
  readonly expression: string;
  readonly abortOnFail: boolean;
  /** Until this long after publishing began (`timeline.publishAt`) a failure does not abort the run. */
  readonly delayAbortEvalMs: number;
  /** The profile says nothing of this metric: it is one of `defaultThresholds`. */
  readonly isDefault?: true;
}

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };
