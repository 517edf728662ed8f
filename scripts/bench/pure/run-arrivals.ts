/** Batches of arrivals as Lambda delivers them, from their bytes to what is stored: all that measure-latency computes. */
import { measureArrivals } from '../../../src/measure/arrivals.ts';
import { repeatWork, serveMeasurement, type WorkReport } from '../measured-process.ts';

export interface ArrivalsSettings {
  /** `parse`: only what cannot be left out, JSON.parse of the event and of its bodies. */
  readonly work: 'measure' | 'parse';
  /** Slices whose messages are mixed in a batch, as the queue mixes them. */
  readonly slices: number;
  readonly cpuSeconds: number;
}

/** As many as the event source mapping puts into a batch. */
const batchSize = 10_000;
const batches = 4;
const startMs = 1_788_257_410_000;
const ratePerMs = 20;

serveMeasurement(({ work, slices, cpuSeconds }: ArrivalsSettings): WorkReport => {
  const events = Array.from({ length: batches }, (_, batch) => makeEvent(batch, slices));
  let next = 0;
  return repeatWork(cpuSeconds, () => {
    const event = JSON.parse(events[next++ % batches]!.toString());
    if (work === 'parse') for (const { body } of event.Records) JSON.parse(body);
    else JSON.stringify(measureArrivals(event, startMs + 60_000));
    return batchSize;
  });
});

/** Half a second of 20,000 messages a second, nearly in order. */
function makeEvent(batch: number, slices: number): Buffer {
  const Records = Array.from({ length: batchSize }, (_, i) => {
    const number = batch * batchSize + i;
    const n = Math.floor(number / slices);
    const at = startMs + number / ratePerMs;
    const sent = at + ((number * 7) % 1_000) / 1_000;
    const rule = Math.floor(sent + 3 + ((number * 13) % 40));
    const body = {
      run: 'full-quota-20260901T101010Z-ab12',
      slice: number % slices,
      n,
      device: number % 20_000,
      at: Number(at.toFixed(3)),
      sent: Number(sent.toFixed(3)),
      rule,
    };
    return {
      messageId: `059f36b4-87a3-44ab-83d2-${String(100_000_000_000 + number)}`,
      receiptHandle: `AQEB${'wJnKyrHigUMZj6rYigCgxlaS3SLy0a'.repeat(11)}`,
      body: JSON.stringify(body),
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: String(rule + 2),
        SenderId: 'AROAIOTRULE:iot',
        ApproximateFirstReceiveTimestamp: String(rule + 300),
      },
      messageAttributes: {},
      md5OfBody: '098f6bcd4621d373cade4e832627b4f6',
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:123456789012:stampede-dev-arrivals',
      awsRegion: 'us-east-1',
    };
  });
  return Buffer.from(JSON.stringify({ Records }));
}
