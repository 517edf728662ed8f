import { type Deployment, defaultDeployment } from './deployment.ts';
import { echoedMessages, echoingDevices } from './echoes.ts';
import { checkpointEveryMs, controlPollEveryMs, isWatched, watchEverySeconds } from './intervals.ts';
import { meteredBytes } from './message-size.ts';
import type { Plan } from './plan.ts';
import {
  clearingMessages,
  type IotUsage,
  queueRequests,
  stateTransitions,
  storePuts,
  type Usage,
} from './usage.ts';

/** What nobody can know before the run. `assumptions` says them in words. */
const assumed = {
  /** From the last publish to the slice's return: last answers, disconnecting, one PUT. */
  sliceEndMs: 1_000,
  planSeconds: 2,
  /** CloudWatch settles within three minutes; each object of the run store adds a millisecond. */
  summarizeSeconds: 180,
  summarizeSecondsPerObject: 0.001,
  /** A look at a watched run, and each object it reads; of those there are half as many as at the end. */
  lookSeconds: 1,
  /** An invocation of measure-latency with its PUT, and each record in its batch. */
  measureSeconds: 0.1,
  measureSecondsPerRecord: 20e-6,
  /** One record of the queue's event, of which Lambda takes 6 MB at once. */
  recordBytes: 1_000,
  /** Readers of the queue: Lambda begins with five, and adds more only behind a backlog. */
  pollers: 5,
} as const;

const maxEventBytes = 6_291_456;

export const assumptions: readonly string[] = [
  'nothing is throttled, lost or sent again, and no device connects twice',
  `each slice’s Lambda is billed from the plan’s making to ${assumed.sliceEndMs / 1_000} s after the last publish; its devices are connected from the first connect on, and minutes are rounded up`,
  `plan takes ${assumed.planSeconds} s, a look at a run that a threshold may end ${assumed.lookSeconds} s, summarize ${assumed.summarizeSeconds} s (CloudWatch settles), measure-latency ${assumed.measureSeconds} s a batch and ${assumed.measureSecondsPerRecord * 1e6} µs a record`,
  `${assumed.pollers} readers of the queue make a batch each a second, of at most 10,000 records or 6 MB; SQS hands out and deletes ten messages a request`,
  'rules and their actions are metered by the size of the message that triggered them',
  'the run is the first of its month: prices begin in their first tier, no free tier is taken off; Lambda is arm64',
  'left out, as small or not AWS’s: S3 GETs and storage, CloudWatch, the queue polled between runs, data within the Region, InfluxDB and Grafana',
];

/** What a run will use, if it goes as planned. */
export function forecastUsage(plan: Plan, deployment: Deployment = defaultDeployment): Usage {
  const { load, slices } = plan;
  const batches = arrivalBatches(plan, deployment);
  const sliceMs = sliceLifeMs(plan);
  const checkpoints = Math.floor(sliceMs / checkpointEveryMs(plan.profile));
  return {
    iot: iotUsage(plan),
    sqs: queueRequests(load.messages, deployment),
    lambda: lambdaUsage(plan, deployment, {
      sliceSeconds: (slices.count * sliceMs) / 1_000,
      batches,
      records: load.messages,
      looks: looksOf(plan),
    }),
    stateTransitions: stateTransitions(slices.count, looksOf(plan)),
    s3Puts: storePuts(slices.count, checkpoints, batches),
  };
}

/** Invocations of measure-latency at once, with the queue's messages taken out as fast as they come. */
export function subscriberConcurrency(plan: Plan, deployment: Deployment): number {
  const { peakPerSecond } = plan.load;
  if (deployment.subscriber === 'direct') {
    return Math.ceil(peakPerSecond * (assumed.measureSeconds + assumed.measureSecondsPerRecord));
  }
  const { maximumConcurrency } = deployment.arrivals;
  const busy =
    (peakPerSecond / batchRecords(deployment)) * assumed.measureSeconds +
    peakPerSecond * assumed.measureSecondsPerRecord;
  return Math.min(maximumConcurrency, Math.max(assumed.pollers, Math.ceil(busy)));
}

/** Of every slice: its Lambda waits for the start, connects, publishes and ends. */
function sliceLifeMs({ timeline }: Plan): number {
  return timeline.publishEndAt - timeline.createdAt + assumed.sliceEndMs;
}

/**
 * Of a run that a threshold may end: how often the state machine looks at it.
 * @param untilMs epoch milliseconds; no longer than publishing goes on
 */
export function looksOf({ profile, timeline }: Plan, untilMs = timeline.publishEndAt): number {
  if (!isWatched(profile)) return 0;
  const everyMs = (watchEverySeconds + assumed.lookSeconds) * 1_000;
  return Math.ceil((Math.min(untilMs, timeline.publishEndAt) - timeline.createdAt) / everyMs);
}

function iotUsage(plan: Plan): IotUsage {
  const { profile, load, slices, timeline } = plan;
  const messages = {
    meteredBytes: meteredBytes(plan),
    publishesIn: load.messages,
    rulesTriggered: load.messages,
    ruleActions: load.messages,
    // Devices subscribe at QoS 0: an echo is not to cost a PUBACK.
    deviceAcks: 0,
  };
  if (profile.connect.protocol === 'https') {
    const polls = 1 + Math.floor(sliceLifeMs(plan) / controlPollEveryMs);
    return {
      ...messages,
      connects: 0,
      subscribes: 0,
      publishesOut: 0,
      controlMessages: polls * slices.count + looksOf(plan) + clearingMessages,
      connectionMinutes: 0,
    };
  }
  // Each slice's control channel is one more client.
  const clients = profile.devices + slices.count;
  const connectedMs = timeline.publishEndAt - timeline.startAt + assumed.sliceEndMs;
  return {
    ...messages,
    connects: clients,
    subscribes: echoingDevices(profile) + slices.count,
    publishesOut: echoedMessages(plan),
    controlMessages: looksOf(plan) + clearingMessages,
    connectionMinutes: clients * Math.ceil(connectedMs / 60_000),
  };
}

/** What the functions' time depends on, planned or counted. */
export interface FunctionWork {
  /** Of all slices together. */
  readonly sliceSeconds: number;
  /** Invocations of measure-latency, and the messages in them. */
  readonly batches: number;
  readonly records: number;
  readonly looks: number;
}

export function lambdaUsage(
  { profile, slices }: Plan,
  { memoryMb }: Deployment,
  { sliceSeconds, batches, records, looks }: FunctionWork,
): Usage['lambda'] {
  const publish = profile.connect.protocol === 'https' ? 'publish-http' : 'publish-mqtt';
  const objectsSeconds = (slices.count + batches) * assumed.summarizeSecondsPerObject;
  return {
    plan: { invocations: 1, seconds: assumed.planSeconds, memoryMb: memoryMb.plan },
    [publish]: {
      invocations: slices.count,
      seconds: sliceSeconds,
      memoryMb: memoryMb[publish],
    },
    'measure-latency': {
      invocations: batches,
      seconds: batches * assumed.measureSeconds + records * assumed.measureSecondsPerRecord,
      memoryMb: memoryMb['measure-latency'],
    },
    summarize: {
      invocations: 1 + looks,
      seconds: assumed.summarizeSeconds + objectsSeconds + looks * (assumed.lookSeconds + objectsSeconds / 2),
      memoryMb: memoryMb.summarize,
    },
  };
}

/** Invocations of measure-latency: as many as readers and windows make, or as full batches need, if that is more. */
function arrivalBatches({ load, timeline }: Plan, deployment: Deployment): number {
  if (deployment.subscriber === 'direct') return load.messages;
  const { batchWindowSeconds, maximumConcurrency } = deployment.arrivals;
  const publishSeconds = (timeline.publishEndAt - timeline.publishAt) / 1_000;
  const pollers = Math.min(assumed.pollers, maximumConcurrency);
  const byTime = Math.ceil((publishSeconds / batchWindowSeconds) * pollers);
  const byRecords = Math.ceil(load.messages / batchRecords(deployment));
  return Math.min(load.messages, Math.max(byTime, byRecords));
}

function batchRecords({ arrivals }: Deployment): number {
  return Math.min(arrivals.batchSize, Math.floor(maxEventBytes / assumed.recordBytes));
}
