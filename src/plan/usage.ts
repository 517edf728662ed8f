import type { Deployment, FunctionName } from './deployment.ts';
import { arrivalWindowMs } from './poll-intervals.ts';
import { streamRecordBytes } from './stream-reading.ts';

/**
 * What a run uses of what AWS charges for. Forecast from a plan (`forecastUsage`) or counted from what happened: priced
 * by the same code, so that the two can stand side by side.
 */
export interface Usage {
  readonly iot: IotUsage;
  readonly sqs: SqsUsage;
  readonly kinesis: KinesisUsage;
  /** Functions that ran; the others are absent. */
  readonly lambda: Readonly<Partial<Record<FunctionName, LambdaUsage>>>;
  /** Step Functions: states entered and children started, of the execution and all its children. */
  readonly stateTransitions: number;
  readonly s3Puts: number;
}

/** Messages each as one, whatever their size: pricing meters them. */
export interface IotUsage {
  /** By device group and kind of message. */
  readonly messages: readonly MessageUsage[];
  /** CONNECTs: devices, their reconnects, subscribers, the slices' control channels. */
  readonly connects: number;
  readonly subscribes: number;
  /** PUBACKs that devices and subscribers sent. */
  readonly deviceAcks: number;
  /** Small ones of the control topic: polls over HTTPS, and its clearing. */
  readonly controlMessages: number;
  readonly connectionMinutes: number;
}

/** Messages of one kind. */
export interface MessageUsage {
  /** Bytes of one of them as AWS meters it: payload, topic, user properties and content type. The mean of messages that differ in size. */
  readonly meteredBytes: number;
  /** Of messages that differ in size: how many messages of 5 KB one is billed as, on average. */
  readonly meteredMessages?: number;
  /** Publishes that the service took in and charges messaging for: not those of Basic Ingest. */
  readonly publishesIn: number;
  /** Those of them with the RETAIN flag, which are metered once more. Absent: none. */
  readonly retained?: number;
  /** Publishes that the service sent to devices, and to subscribers of the run: echoes, and all messages. */
  readonly publishesOut: number;
  /** Messages that triggered the rule, and actions it took for them. */
  readonly rulesTriggered: number;
  readonly ruleActions: number;
}

export const noIotUsage: IotUsage = {
  messages: [],
  connects: 0,
  subscribes: 0,
  deviceAcks: 0,
  controlMessages: 0,
  connectionMinutes: 0,
};

/** What only the target is used for: without functions, queue and run store. */
export function targetUsage({ iot }: Usage): Usage {
  return {
    iot,
    sqs: { sends: 0, receives: 0, deletes: 0 },
    kinesis: { shardHours: 0, putUnits: 0, onDemandHours: 0, onDemandGbIn: 0, onDemandGbOut: 0 },
    lambda: {},
    stateTransitions: 0,
    s3Puts: 0,
  };
}

/** Requests. */
export interface SqsUsage {
  readonly sends: number;
  readonly receives: number;
  readonly deletes: number;
}

/** Of a stream while the run lasts; either of the two modes. */
export interface KinesisUsage {
  readonly shardHours: number;
  /** Records, of up to 25 KB each. */
  readonly putUnits: number;
  readonly onDemandHours: number;
  readonly onDemandGbIn: number;
  readonly onDemandGbOut: number;
}

export interface LambdaUsage {
  readonly invocations: number;
  /** Of all invocations together. */
  readonly seconds: number;
  readonly memoryMb: number;
}

/**
 * AWS meters connectivity in whole minutes. Each connection's time is rounded up, all being taken to have lasted as long as their mean:
 * the stricter reading of "1-minute increments".
 * @param connectedMs of all connections together
 * @see https://aws.amazon.com/iot-core/pricing/
 */
export function connectionMinutes(connections: number, connectedMs: number): number {
  if (connections === 0) return 0;
  return connections * Math.ceil(connectedMs / connections / 60_000);
}

/** Lambda's measure of memory over time. */
export function gbSecondsOf({ seconds, memoryMb }: LambdaUsage): number {
  return (seconds * memoryMb) / 1_024;
}

/** Most messages that one SQS request receives or deletes. */
const queueBatch = 10;

/** A SendMessage for each message by the rule; ten messages a request out of the queue, and ten to delete them. */
export function queueRequests(messages: number, { subscriber }: Pick<Deployment, 'subscriber'>): SqsUsage {
  if (subscriber !== 'queue') return { sends: 0, receives: 0, deletes: 0 };
  const requests = Math.ceil(messages / queueBatch);
  return { sends: messages, receives: requests, deletes: requests };
}

const bytesPerGb = 2 ** 30;
/** On demand each record is billed as that at least. */
const leastBilledBytes = 1_024;

/** A PutRecord for each message by the rule, and a stream, or its shards, for as long as the run lasts. */
export function streamUsage(
  messages: number,
  seconds: number,
  { subscriber, stream }: Pick<Deployment, 'subscriber' | 'stream'>,
): KinesisUsage {
  const none = { shardHours: 0, putUnits: 0, onDemandHours: 0, onDemandGbIn: 0, onDemandGbOut: 0 };
  if (subscriber !== 'stream') return none;
  const hours = seconds / 3_600;
  if (stream.mode === 'provisioned') {
    return { ...none, shardHours: stream.shards * hours, putUnits: messages };
  }
  return {
    ...none,
    onDemandHours: hours,
    onDemandGbIn: (messages * Math.max(leastBilledBytes, streamRecordBytes)) / bytesPerGb,
    onDemandGbOut: (messages * streamRecordBytes) / bytesPerGb,
  };
}

/**
 * The execution enters Plan, Run, FanOut, IsWatched, WatchEnded, Drain, Summarize, Verdict and its end; for each slice
 * the Map starts a child, which enters ByProtocol and Publish…; for each poll of a watched run WaitToWatch, Watch, IsOver.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/concepts-transitions.html
 */
export function stateTransitions(slices: number, looks: number): number {
  return 9 + 3 * slices + 3 * looks;
}

/** Of a slice with several legs, beyond those of a slice with one: a second child, and for each leg its Task, a Choice and a Wait. */
export function transitionsOfLegs(legs: number): number {
  return 6 + 3 * legs;
}

/** The plan and the report (JSON and HTML); of each slice its end, beside the checkpoints; the arrival windows. */
export function storePuts(slices: number, checkpointsPerSlice: number, windows: number): number {
  return 3 + slices * (1 + checkpointsPerSlice) + windows;
}

/** Of slices that subscribe: an arrival window for each interval, and the records of how they were subscribed. */
export function subscriberPuts(subscribers: number, lifeMs: number, checkpointMs: number): number {
  return subscribers * (1 + Math.ceil(lifeMs / arrivalWindowMs) + Math.floor(lifeMs / checkpointMs));
}

/** Clearing the control topic is metered as a PUBLISH, and once more for its RETAIN. */
export const clearingMessages = 2;
