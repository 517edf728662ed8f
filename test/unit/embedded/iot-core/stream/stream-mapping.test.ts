import { describe, expect, it } from '@jest/globals';
import { Faults } from '../../../../../src/embedded/iot-core/faults.ts';
import type { InvocationOutcome } from '../../../../../src/embedded/iot-core/queue/event-source-mapping.ts';
import { defaultStream, type StreamSettings } from '../../../../../src/embedded/iot-core/settings.ts';
import { ArrivalsStream } from '../../../../../src/embedded/iot-core/stream/arrivals-stream.ts';
import { Shard } from '../../../../../src/embedded/iot-core/stream/shard.ts';
import { StreamMapping } from '../../../../../src/embedded/iot-core/stream/stream-mapping.ts';
import type { StreamRecord } from '../../../../../src/measure/stream-batch.ts';
import { noFaults } from '../../../../../src/profile/service-faults.ts';
import { makeVirtualTime } from '../../../../support/iot-core/fixture.ts';

const ok: InvocationOutcome = { kind: 'returned', payload: '{"batchItemFailures":[]}' };
const failure: InvocationOutcome = { kind: 'failed', reason: '200 {"errorType":"Error"}' };

/** A stream and its mapping in virtual time; the test answers each invocation. */
function start(settings: Partial<StreamSettings> = {}) {
  const { clock, advance: pass } = makeVirtualTime();
  // What is due at the end of it included.
  const advance = async (ms: number) => {
    await pass(ms);
    await pass(0);
  };
  const all = { ...defaultStream, shards: 1, ...settings };
  const stream = new ArrivalsStream(all, clock.now(), 1);
  const invocations: {
    readonly records: readonly StreamRecord[];
    readonly answer: (outcome: InvocationOutcome) => void;
  }[] = [];
  const failures: Record<string, unknown>[] = [];
  const faults = new Faults(clock, noFaults);
  const mapping = new StreamMapping({
    stream,
    settings: all,
    functionName: 'measure-latency',
    clock,
    faults,
    invoke: (event) =>
      new Promise((answer) => {
        const { Records } = JSON.parse(event.toString()) as { Records: StreamRecord[] };
        invocations.push({ records: Records, answer });
      }),
    sendFailure: (message) => failures.push(JSON.parse(message)),
  });
  let sent = 0;
  return {
    stream,
    mapping,
    faults,
    invocations,
    failures,
    advance,
    send: (count: number, key?: string) => {
      for (let i = 0; i < count; i++) {
        const body = Buffer.from(`${sent++}`);
        stream.put(key ?? `key-${sent}`, body, clock.now());
      }
    },
    /** What the n-th invocation was given. */
    bodies: (n: number) =>
      invocations[n]?.records.map(({ kinesis }) => Number(Buffer.from(kinesis.data, 'base64').toString())),
    answer: async (n: number, outcome: InvocationOutcome) => {
      invocations[n]?.answer(outcome);
      await advance(0);
    },
  };
}

describe('StreamMapping', () => {
  it('looks once a second, gathers for the window, and passes on what is there by then', async () => {
    const { send, invocations, advance, bodies, answer, mapping } = start();
    send(3);
    await advance(1_999);
    expect(invocations).toHaveLength(0);
    send(1);
    await advance(1);
    expect(bodies(0)).toEqual([0, 1, 2, 3]);
    expect(mapping.depth).toMatchObject({ records: 4, delivered: 0, unread: 4 });
    await answer(0, ok);
    expect(mapping.depth).toMatchObject({ records: 4, delivered: 4, unread: 0, invocations: 1 });
  });

  it('hands records over as Lambda does', async () => {
    const { send, invocations, advance, stream } = start();
    send(1, 'a "key"');
    await advance(2_000);
    const [shard] = stream.shards;
    const sequenceNumber = shard!.sequenceNumberOf(0);
    expect(sequenceNumber).toMatch(/^\d{56}$/);
    expect(invocations[0]?.records).toEqual([
      {
        kinesis: {
          kinesisSchemaVersion: '1.0',
          partitionKey: 'a "key"',
          sequenceNumber,
          data: Buffer.from('0').toString('base64'),
          approximateArrivalTimestamp: shard!.log.arrivedAt(0) / 1_000,
        },
        eventSource: 'aws:kinesis',
        eventVersion: '1.0',
        eventID: `shardId-000000000000:${sequenceNumber}`,
        eventName: 'aws:kinesis:record',
        invokeIdentityArn: expect.stringMatching(/^arn:aws:iam::/),
        awsRegion: 'us-east-1',
        eventSourceARN: stream.arn,
      },
    ]);
  });

  it('reads a shard in order, one batch at a time, and a full one at once', async () => {
    const { send, invocations, advance, bodies, answer } = start({ batchSize: 3 });
    send(7);
    await advance(1_000);
    expect(bodies(0)).toEqual([0, 1, 2]);
    await advance(5_000);
    expect(invocations).toHaveLength(1);
    await answer(0, ok);
    expect(bodies(1)).toEqual([3, 4, 5]);
    await answer(1, ok);
    expect(invocations).toHaveLength(2);
    await advance(2_000);
    expect(bodies(2)).toEqual([6]);
  });

  it('states how far its function is behind the stream, by minute: more with each failure', async () => {
    const { send, mapping, advance, answer } = start();
    send(1);
    await advance(2_000);
    const [[, atFirst] = [0, 0]] = mapping.iteratorAge.datapoints;
    expect(atFirst).toBeGreaterThanOrEqual(1_000);
    expect(atFirst).toBeLessThanOrEqual(2_000);
    for (let n = 0; n < 3; n++) {
      await answer(n, failure);
      await advance(60_000);
    }
    const { functionName, datapoints } = mapping.iteratorAge;
    expect(functionName).toBe('measure-latency');
    expect(datapoints.length).toBeGreaterThan(1);
    expect(datapoints.map(([second]) => second % 60).every((rest) => rest === 0)).toBe(true);
    // Each shows the retry that waited longest.
    expect(datapoints.map(([, ageMs]) => ageMs)).toEqual(
      datapoints.map(([, ageMs]) => ageMs).toSorted((a, b) => a - b),
    );
    expect(datapoints.at(-1)?.[1]).toBeGreaterThan(60_000);
  });

  it('reads shards side by side, up to what the machine takes', async () => {
    const { send, invocations, advance, answer } = start({ shards: 4, maximumConcurrency: 3 });
    send(400);
    await advance(3_000);
    expect(invocations).toHaveLength(3);
    await answer(1, ok);
    expect(invocations).toHaveLength(4);
    const shards = new Set(invocations.map(({ records: [first] }) => first?.eventID.split(':')[0]));
    expect(shards.size).toBe(4);
  });

  it('makes a batch of at most 6 MB', async () => {
    const { stream, advance, invocations } = start({
      shards: 1,
      maximumRecordAgeMs: Number.POSITIVE_INFINITY,
    });
    for (let n = 0; n < 10; n++) {
      stream.put('k', Buffer.alloc(1_000_000, 'x'), 0);
      await advance(1_000);
    }
    expect(invocations[0]?.records.length).toBeLessThan(10);
    expect(JSON.stringify({ Records: invocations[0]?.records }).length).toBeLessThanOrEqual(6_291_456);
  });

  it('tries the same batch again, blocks its shard meanwhile, and then gives it up with its count', async () => {
    const { send, invocations, advance, bodies, answer, failures, mapping, stream } = start({
      maximumRetryAttempts: 2,
    });
    send(2);
    await advance(2_000);
    send(1);
    await answer(0, failure);
    await advance(1_000);
    expect(bodies(1)).toEqual([0, 1]);
    await answer(1, failure);
    await advance(1_999);
    expect(invocations).toHaveLength(2);
    await advance(1);
    expect(bodies(2)).toEqual([0, 1]);
    const emptied = mapping.whenEmpty();
    await answer(2, failure);
    const [shard] = stream.shards;
    expect(failures).toMatchObject([
      {
        requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 3 },
        KinesisBatchInfo: {
          shardId: shard!.id,
          startSequenceNumber: shard!.sequenceNumberOf(0),
          endSequenceNumber: shard!.sequenceNumberOf(1),
          batchSize: 2,
          streamArn: stream.arn,
        },
      },
    ]);
    await advance(2_000);
    expect(bodies(3)).toEqual([2]);
    await answer(3, ok);
    await emptied;
    expect(mapping.depth).toMatchObject({ delivered: 1, givenUp: 2, unread: 0, failedInvocations: 3 });
  });

  it('counts no try where the function could not be invoked', async () => {
    const { send, advance, bodies, answer, failures, mapping } = start({ maximumRetryAttempts: 0 });
    send(1);
    await advance(2_000);
    for (let n = 0; n < 5; n++) {
      await answer(n, { kind: 'failed', reason: '429 TooManyRequestsException', refused: true });
      await advance(1_000);
    }
    expect(bodies(5)).toEqual([0]);
    await answer(5, ok);
    expect(failures).toEqual([]);
    expect(mapping.depth.delivered).toBe(1);
  });

  it('gives up what is too old, tried or not, so that what comes after it need not wait', async () => {
    const { send, advance, bodies, answer, failures, invocations, mapping, stream } = start({
      maximumRecordAgeMs: 10_000,
    });
    send(2);
    await advance(2_000);
    // Lambda has no room, for ten seconds: that counts as no try.
    for (let n = 0; n < 9; n++) {
      if (n === 5) send(3);
      await answer(n, { kind: 'failed', reason: '429 TooManyRequestsException', refused: true });
      await advance(1_000);
    }
    await advance(3_000);
    expect(bodies(invocations.length - 1)).toEqual([2, 3, 4]);
    await answer(invocations.length - 1, ok);
    expect(failures).toMatchObject([
      {
        requestContext: { condition: 'RecordAgeExceeded', approximateInvokeCount: 0 },
        KinesisBatchInfo: { startSequenceNumber: stream.shards[0]!.sequenceNumberOf(0), batchSize: 2 },
      },
    ]);
    expect(mapping.depth).toMatchObject({ delivered: 3, givenUp: 2, unread: 0 });
  });

  it('halves a batch that failed, where it is configured to, until the bad record is alone', async () => {
    const { send, invocations, advance, bodies, failures, mapping } = start({
      maximumRetryAttempts: 1,
      bisectBatchOnFunctionError: true,
    });
    send(5);
    await advance(2_000);
    for (let n = 0; n < invocations.length; n++) {
      invocations[n]!.answer(bodies(n)!.includes(3) ? failure : ok);
      await advance(1_500);
    }
    expect(invocations.map((_, n) => bodies(n))).toEqual([[0, 1, 2, 3, 4], [0, 1, 2], [3, 4], [3], [3], [4]]);
    expect(failures).toMatchObject([{ KinesisBatchInfo: { batchSize: 1 } }]);
    expect(mapping.depth).toMatchObject({ delivered: 4, givenUp: 1 });
  });

  it('goes on from the record that the answer names', async () => {
    const { send, invocations, advance, bodies, answer, mapping } = start();
    send(4);
    await advance(2_000);
    const itemIdentifier = invocations[0]!.records[2]!.kinesis.sequenceNumber;
    await answer(0, {
      kind: 'returned',
      payload: JSON.stringify({ batchItemFailures: [{ itemIdentifier }] }),
    });
    expect(mapping.depth.delivered).toBe(2);
    await advance(1_000);
    expect(bodies(1)).toEqual([2, 3]);
  });

  it('waits out a pause', async () => {
    const { send, invocations, advance, faults, answer, bodies } = start();
    send(1);
    faults.pause(10_000);
    await advance(9_000);
    expect(invocations).toHaveLength(0);
    await advance(3_000);
    expect(bodies(0)).toEqual([0]);
    await answer(0, failure);
    faults.pause(10_000);
    await advance(9_999);
    expect(invocations).toHaveLength(1);
    await advance(1);
    expect(bodies(1)).toEqual([0]);
  });

  it('keeps of what was read a bounded part, of what was not all of it, and what was given up', () => {
    const fill = (held: number | undefined, read: number) => {
      const shard = new Shard(0, 0, 1);
      for (let n = 0; n < 10; n++) shard.put('k', Buffer.alloc(300_000), n * 1_000);
      if (held !== undefined) shard.hold(held);
      shard.trim(read, 1_000_000);
      return shard.log;
    };
    expect(fill(undefined, 10)).toMatchObject({ start: 8, end: 10 });
    expect(fill(undefined, 3).start).toBe(3);
    expect(fill(2, 10).start).toBe(2);
  });
});
