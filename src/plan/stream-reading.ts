/**
 * The stream between the rule and measure-latency, and Lambda's readers of it: one a shard, whose pace is known. What a
 * shard takes is documented; how evenly random partition keys fall on shards is arithmetic.
 */

import { onDemandShards, shardLimits } from '../targets/aws-iot/shard-limits.ts';
import { maxEventBytes } from './queue-readers.ts';

/** A stream's shards are the stack's, or AWS's, which adds some behind a load. */
export type StreamCapacity =
  | { readonly mode: 'provisioned'; readonly shards: number }
  | { readonly mode: 'on-demand' };

/**
 * The event source mapping: what `stack/arrivals-stream.yml` deploys. What is older than `maximumAgeSeconds` is given up, so that no run
 * waits longer than that for what another one left; a report closes its ledger 45 s after the last batch that was read.
 */
export const streamBatches = { size: 10_000, windowSeconds: 1, retries: 5, maximumAgeSeconds: 300 } as const;

/** Assumed: one record of the stream's event, base64 in it, and the record itself, with its partition key. */
const eventRecordBytes = 800;
export const streamRecordBytes = 200;

/**
 * Records a second that a shard may be sent on average, for the one that gets most to stay within what it takes. Partition keys
 * are random, so a shard gets a Poisson number of records a second, λ ± √λ: λ + 6√λ = 1,000 has it refuse one in a second out
 * of a billion. λ = ((√(6² + 4·1,000) − 6) / 2)² = 827.
 */
export const recordsPerShard = Math.floor(
  ((Math.sqrt(6 ** 2 + 4 * shardLimits.recordsPerSecond) - 6) / 2) ** 2,
);

/** Records a second that the stream takes without refusing any, as it is when it was not used for a month. */
export function recordsTakenPerSecond(capacity: StreamCapacity): number {
  return recordsPerShard * (capacity.mode === 'provisioned' ? capacity.shards : onDemandShards);
}

/** Shards for a load. */
export function shardsFor(peakPerSecond: number): number {
  return Math.max(1, Math.ceil(peakPerSecond / recordsPerShard));
}

/** As many readers as shards, each with a batch at the end of each window, or full ones, if those are more. */
export function forecastStreamReading(
  load: { readonly messages: number; readonly peakPerSecond: number; readonly seconds: number },
  capacity: StreamCapacity,
): { readonly readers: number; readonly batches: number } {
  const readers =
    capacity.mode === 'provisioned'
      ? capacity.shards
      : Math.max(onDemandShards, shardsFor(load.peakPerSecond));
  const perBatch = Math.min(streamBatches.size, Math.floor(maxEventBytes / eventRecordBytes));
  const byTime = (readers * load.seconds) / streamBatches.windowSeconds;
  const batches = Math.ceil(Math.max(byTime, load.messages / perBatch));
  return { readers, batches: Math.min(load.messages, batches) };
}
