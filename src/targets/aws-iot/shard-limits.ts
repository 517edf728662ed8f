/**
 * What one shard of a Kinesis data stream takes and gives. A stream in provisioned mode has as many as its stack says; one
 * on demand begins with the capacity of `onDemandShards`, and follows twice the peak of the last 30 days.
 * @see https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
 */
export const shardLimits = {
  recordsPerSecond: 1_000,
  bytesPerSecond: 1_048_576,
  readBytesPerSecond: 2_097_152,
  readsPerSecond: 5,
  /** Of one GetRecords. */
  recordsPerRead: 10_000,
  bytesPerRead: 10_485_760,
  /** Data and partition key of one record. */
  recordBytes: 1_048_576,
} as const;

export const onDemandShards = 4;
