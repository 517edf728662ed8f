import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { type ArrivalBatch, measureArrivals } from '../../../src/measure/arrivals.ts';
import type { StreamBatch } from '../../../src/measure/stream-batch.ts';

it('test/events/measure-latency.json is a batch of which every message is an arrival', () => {
  const file = new URL('../../events/measure-latency.json', import.meta.url);
  const batch = JSON.parse(readFileSync(file, 'utf8')) as ArrivalBatch & {
    readonly Records: readonly { readonly body: string; readonly md5OfBody: string }[];
  };
  const { windows, unrelated } = measureArrivals(batch, Date.UTC(2026, 8, 21));
  expect(unrelated).toEqual({ notJson: 0, noEnvelope: 0 });
  expect(windows).toMatchObject([{ runId: 'invoke-local-arrivals', arrivals: batch.Records.length }]);
  for (const { body, md5OfBody } of batch.Records) {
    expect(createHash('md5').update(body).digest('hex')).toBe(md5OfBody);
  }
});

it('test/events/measure-latency-stream.json is a batch of a stream of which every record is an arrival', () => {
  const file = new URL('../../events/measure-latency-stream.json', import.meta.url);
  const batch = JSON.parse(readFileSync(file, 'utf8')) as StreamBatch;
  const { windows, unrelated } = measureArrivals(batch, Date.UTC(2026, 8, 21));
  expect(unrelated).toEqual({ notJson: 0, noEnvelope: 0 });
  expect(windows).toMatchObject([{ runId: 'invoke-local-stream', arrivals: batch.Records.length }]);
});
