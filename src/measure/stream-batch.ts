import type { ArrivalWindow, StreamPosition } from './arrival-window.ts';

/**
 * A batch of a stream's records, all of one shard, as Lambda delivers it; only the fields that are read here.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
 */
export interface StreamBatch {
  readonly Records: readonly StreamRecord[];
}

export interface StreamRecord {
  /** `shardId-000000000006:4954…`, shard and sequence number. */
  readonly eventID: string;
  readonly kinesis: StreamRecordData;
}

interface StreamRecordData {
  /** Base64. */
  readonly data: string;
  readonly sequenceNumber: string;
  /** Epoch seconds with three decimals. Kinesis stamps whole milliseconds. */
  readonly approximateArrivalTimestamp: number;
}

/** What the rule sent. */
export function recordTextOf({ data }: StreamRecordData): string {
  return Buffer.from(String(data), 'base64').toString();
}

/** Epoch milliseconds, whole: a double of seconds is off by less than a microsecond. */
export function arrivedAtOf({ approximateArrivalTimestamp }: StreamRecordData): number {
  return Math.round(approximateArrivalTimestamp * 1_000);
}

export function positionOf({ eventID, kinesis }: StreamRecord): StreamPosition {
  return { shard: eventID.split(':')[0] ?? '', sequenceNumber: kinesis.sequenceNumber };
}

/** Positions that a window has read up to: one, of a sum of windows one a shard. */
export function positionsOf({
  readUpTo,
  folded,
}: Pick<ArrivalWindow, 'readUpTo' | 'folded'>): readonly StreamPosition[] {
  return folded?.readUpTo ?? (readUpTo === undefined ? [] : [readUpTo]);
}

/** Keeps, by shard, the position up to which its records are read. */
export function noteReadUpTo(readUpTo: Map<string, string>, { shard, sequenceNumber }: StreamPosition): void {
  const known = readUpTo.get(shard);
  if (known === undefined || compareSequenceNumbers(sequenceNumber, known) > 0)
    readUpTo.set(shard, sequenceNumber);
}

/** Negative where a comes first. Sequence numbers are decimals of up to 128 bits, not all of the same length. */
export function compareSequenceNumbers(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : Number(a > b);
}

/** A batch that was given up, as the record at the destination for failures describes it. */
export interface GivenUpBatch {
  readonly shardId: string;
  readonly startSequenceNumber: string;
  readonly batchSize: number;
  /** Epoch milliseconds. */
  readonly lastArrivedAt: number;
  /** For its age, whether it was ever tried or not. */
  readonly isTooOld: boolean;
}

interface FailureRecord {
  readonly KinesisBatchInfo: Readonly<Record<string, unknown>>;
  readonly requestContext?: { readonly condition?: string };
}

/**
 * @returns undefined for what is no such message
 * @see https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 */
export function parseGivenUpBatch(body: string): GivenUpBatch | undefined {
  try {
    const { KinesisBatchInfo, requestContext } = JSON.parse(body) as FailureRecord;
    const { shardId, startSequenceNumber, batchSize, approximateArrivalOfLastRecord } = KinesisBatchInfo;
    const lastArrivedAt = Date.parse(String(approximateArrivalOfLastRecord));
    if (typeof shardId !== 'string' || typeof startSequenceNumber !== 'string') return undefined;
    if (!Number.isSafeInteger(batchSize) || Number.isNaN(lastArrivedAt)) return undefined;
    const isTooOld = requestContext?.condition === 'RecordAgeExceeded';
    return { shardId, startSequenceNumber, batchSize: batchSize as number, lastArrivedAt, isTooOld };
  } catch {
    return undefined;
  }
}
