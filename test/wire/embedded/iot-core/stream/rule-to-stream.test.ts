import { describe, expect, it } from '@jest/globals';
import type { StreamRecord } from '../../../../../src/measure/stream-batch.ts';
import { connectClient, roomyLimits, startTestIotCore } from '../../../../support/iot-core/fixture.ts';
import { until } from '../../../../support/until.ts';

const envelope = (n: number) => ({
  stampede: { run: 'r', slice: 0, n, device: 0, at: 1_790_000_000_000, sent: 1_790_000_000_000.5 },
});

describe('a rule with a Kinesis action', () => {
  it('puts its records into the stream, which measure-latency reads', async () => {
    const events: StreamRecord[] = [];
    const iotCore = await startTestIotCore({ stream: { shards: 2 } }, undefined, (records) => {
      events.push(...(records as StreamRecord[]));
    });
    const { client } = await connectClient(iotCore);
    for (let n = 0; n < 20; n++)
      await client.publishAsync('stampede/a', JSON.stringify(envelope(n)), { qos: 1 });
    expect(await iotCore.admin('GET', '/stream?untilEmpty=true')).toMatchObject({
      records: 20,
      delivered: 20,
      unread: 0,
      throttled: 0,
      ruleErrors: 0,
    });
    const texts = events.map(({ kinesis }) => JSON.parse(Buffer.from(kinesis.data, 'base64').toString()));
    expect(texts.map(({ n }) => n).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(new Set(events.map(({ eventID }) => eventID)).size).toBe(20);
    expect(iotCore.metrics.rule('stampede_arrivals', 'Kinesis').success.total).toBe(20);
  });

  it('gives what a shard refuses to its error action, once it has tried again, and loses nothing', async () => {
    // A hundredth of a second’s rate at once: ten records for a shard, ample for everything before it.
    const limits = {
      ...roomyLimits,
      publishInPerSecond: 1e6,
      publishesPerSecondPerConnection: 1e6,
      ruleEvaluationsPerSecond: 1e6,
    };
    const iotCore = await startTestIotCore({ stream: { shards: 1 }, burstSeconds: 0.01, limits });
    const { client } = await connectClient(iotCore);
    const count = 1_000;
    await Promise.all(
      Array.from({ length: count }, (_, n) =>
        client.publishAsync(`stampede/${n}`, JSON.stringify(envelope(n))),
      ),
    );
    const { success, failure } = iotCore.metrics.rule('stampede_arrivals', 'Kinesis');
    await until(() => success.total + failure.total === count);
    expect(failure.total).toBeGreaterThan(0);
    expect(await iotCore.admin('GET', '/stream')).toMatchObject({
      records: success.total,
      ruleErrors: failure.total,
    });
    const message = JSON.parse(iotCore.ruleErrors.bodies[0]!);
    const { n } = JSON.parse(Buffer.from(message.base64OriginalPayload, 'base64').toString()).stampede;
    expect(message).toMatchObject({
      ruleName: 'stampede_arrivals',
      topic: `stampede/${n}`,
      clientId: expect.any(String),
      failures: [
        {
          failedAction: 'KinesisAction',
          failedResource: 'stampede-dev-arrivals',
          errorMessage: expect.stringContaining('Error Code: ProvisionedThroughputExceededException'),
        },
      ],
    });
  });

  it('of which a batch was given up, says which records those are', async () => {
    const iotCore = await startTestIotCore(
      { stream: { shards: 1, maximumRetryAttempts: 0 } },
      undefined,
      () => {
        throw new Error('no');
      },
    );
    const { client } = await connectClient(iotCore);
    for (let n = 0; n < 3; n++)
      await client.publishAsync('stampede/a', JSON.stringify(envelope(n)), { qos: 1 });
    expect(await iotCore.admin('GET', '/stream?untilEmpty=true')).toMatchObject({ delivered: 0, givenUp: 3 });
    expect(JSON.parse(iotCore.givenUp.bodies[0]!).KinesisBatchInfo).toMatchObject({ batchSize: 3 });
  });
});
