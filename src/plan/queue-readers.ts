import { formatCount } from '../shared/format.ts';
/**
 * The readers that Lambda's event source mapping has on the arrivals queue: how fast they read, how many there are, and
 * how large the batches come out. AWS does not document how fast a reader of standard mode is:
 * quotas are checked at the slowest pace, costs are forecast at the assumed one.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */

/** Standard mode: Lambda adds readers by itself. Provisioned mode: the user pays for a number of pollers. */
export type QueueReaders =
  | {
      readonly mode: 'standard';
      /** Batches processed at once, at most: 2–1,000. */
      readonly maximumConcurrency: number;
    }
  | {
      readonly mode: 'provisioned';
      /** 2–200; billed while they exist, also when the queue is empty. */
      readonly minimumPollers: number;
      /** 2–2,000 */
      readonly maximumPollers: number;
    };

/** The event source mapping of the arrivals queue. */
export interface ArrivalsReading {
  /** Records of a batch, at most: 1–10,000. */
  readonly batchSize: number;
  /** How long a reader gathers a batch, at most: 0–300. */
  readonly batchWindowSeconds: number;
  readonly readers: QueueReaders;
}

/** Messages in the answer to one ReceiveMessage. @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html */
export const messagesPerPoll = 10;

/**
 * Messages that a standard queue lets be in flight (received and not yet deleted), at most.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
export const maxInFlightMessages = 120_000;

/**
 * With a batch window Lambda may wait this long on a quiet queue before it invokes, whatever the window.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
 */
export const quietQueueWaitMs = 20_000;

/** Standard mode. */
export const standardReaders = {
  atFirst: 5,
  addedPerMinute: 300,
  most: 1_250,
} as const;

/**
 * How fast a reader of standard mode polls. `assumed`: every 10 ms, 1,000 messages a second. `slowest`: as a provisioned
 * poller, the slowest reader that AWS documents, 100 messages a second.
 */
export type ReaderPace = 'assumed' | 'slowest';

/** Provisioned mode: up to 10 polls a second, 1 MB/s and 10 invocations at once, each; 1,000 invocations more a minute. */
export const provisionedPollers = {
  pollsPerSecond: 10,
  invocationsAtOnce: 10,
  addedPerMinute: 100,
} as const;

export const standardPollsPerSecond: Readonly<Record<ReaderPace, number>> = {
  assumed: 100,
  slowest: provisionedPollers.pollsPerSecond,
};

/**
 * Bytes of an event: Lambda takes 6 MB synchronously, and a batch of an event source mapping is no larger.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const maxEventBytes = 6_291_456;

/** Assumed: one record of the queue's event. */
const recordBytes = 1_000;
/** Assumed: an invocation of measure-latency with its PUT, and each record in its batch. */
export const measureSeconds = 0.1;
export const measureSecondsPerRecord = 20e-6;

/** How readers divide a steady rate into batches. */
export interface ReadingForecast {
  /** Readers, or pollers, that Lambda has by then; each may be in an invocation at the same time. */
  readonly readers: number;
  /** Invocations of measure-latency. */
  readonly batches: number;
}

/**
 * Messages a second that these settings read once Lambda has added all the readers they allow.
 *
 * A standard reader gathers a batch and then waits for its invocation: n/(g + d) with n = r·g messages gathered in g
 * seconds at r = 1,000/s or 100/s, and d = 0.1 s + 20 µs·n of the invocation. A provisioned poller goes on polling meanwhile. The
 * messages of both are in flight for g + d, which 120,000 bound.
 */
export function messagesReadPerSecond(reading: ArrivalsReading, pace: ReaderPace): number {
  const { records, gatherSeconds, invokeSeconds } = largestBatch(reading, pace);
  const inFlight = maxInFlightMessages / (gatherSeconds + invokeSeconds);
  const { readers } = reading;
  const all =
    readers.mode === 'standard'
      ? (Math.min(readers.maximumConcurrency, standardReaders.most) * records) /
        (gatherSeconds + invokeSeconds)
      : readers.maximumPollers * ratePerReader(readers, pace);
  return Math.min(all, inFlight);
}

/**
 * Readers that a load finds at its peak. While messages wait, Lambda adds readers; behind a load that begins at once at
 * λ/s, readers of c messages a second each catch up when there are as many too many as there were too few:
 * 2λ/c − (those at first). A load that rises slowly needs fewer.
 * @param peakPerSecond λ
 */
export function readersAt(peakPerSecond: number, reading: ArrivalsReading, pace: ReaderPace): number {
  const { readers } = reading;
  const isStandard = readers.mode === 'standard';
  const most = isStandard
    ? Math.min(readers.maximumConcurrency, standardReaders.most)
    : readers.maximumPollers;
  const atFirst = isStandard ? Math.min(standardReaders.atFirst, most) : readers.minimumPollers;
  const perReader = messagesReadPerSecond(reading, pace) / most;
  return Math.min(most, Math.max(atFirst, Math.ceil((2 * peakPerSecond) / perReader - atFirst)));
}

/**
 * Batches of a load, by the readers' time: each batch that does not fill up takes its reader the window and, in standard
 * mode, its invocation. At least those that full batches make; at most one a message.
 */
export function forecastReading(
  load: { readonly messages: number; readonly peakPerSecond: number; readonly seconds: number },
  reading: ArrivalsReading,
  pace: ReaderPace,
): ReadingForecast {
  const readers = readersAt(load.peakPerSecond, reading, pace);
  const { records } = largestBatch(reading, pace);
  const gatherSeconds = Math.max(
    reading.batchWindowSeconds,
    messagesPerPoll / ratePerReader(reading.readers, pace),
  );
  const readerSeconds = readers * load.seconds;
  const byTime =
    reading.readers.mode === 'standard'
      ? (readerSeconds - load.messages * measureSecondsPerRecord) / (gatherSeconds + measureSeconds)
      : readerSeconds / gatherSeconds;
  const byRecords = load.messages / records;
  const batches = Math.ceil(Math.max(byTime, byRecords) - 1e-9);
  return { readers, batches: Math.min(load.messages, batches) };
}

/** The assumptions of a forecast about these readers, as sentences; none where AWS documents their speed. */
export function readerAssumptions({ readers }: ArrivalsReading): string[] {
  if (readers.mode === 'provisioned') return [];
  const rate = (pace: ReaderPace): string => formatCount(ratePerReader(readers, pace));
  return [
    `AWS does not publish how many messages a second a reader of the queue takes in standard mode. Quotas are held with ${rate('slowest')}, as of a provisioned poller, the slowest reader that AWS documents; costs are forecast with ${rate('assumed')}.`,
  ];
}

function ratePerReader({ mode }: QueueReaders, pace: ReaderPace): number {
  return (
    messagesPerPoll * (mode === 'standard' ? standardPollsPerSecond[pace] : provisionedPollers.pollsPerSecond)
  );
}

/** The most that one reader can gather for one invocation, and how long each part takes it. */
function largestBatch({ batchSize, batchWindowSeconds, readers }: ArrivalsReading, pace: ReaderPace) {
  const rate = ratePerReader(readers, pace);
  const records = Math.min(
    batchSize,
    Math.floor(maxEventBytes / recordBytes),
    Math.max(messagesPerPoll, Math.floor(rate * batchWindowSeconds)),
  );
  return {
    records,
    gatherSeconds: records / rate,
    invokeSeconds: measureSeconds + records * measureSecondsPerRecord,
  };
}
