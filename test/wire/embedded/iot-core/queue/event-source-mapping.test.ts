import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Faults } from '../../../../../src/embedded/iot-core/faults.ts';
import { ArrivalsQueue } from '../../../../../src/embedded/iot-core/queue/arrivals-queue.ts';
import {
  EventSourceMapping,
  type InvocationOutcome,
  parseBatchItemFailures,
} from '../../../../../src/embedded/iot-core/queue/event-source-mapping.ts';
import { makeLambdaInvoker } from '../../../../../src/embedded/iot-core/queue/lambda-invoker.ts';
import { defaultQueue, type QueueSettings } from '../../../../../src/embedded/iot-core/settings.ts';
import { noFaults } from '../../../../../src/profile/service-faults.ts';
import { testKey } from '../../../../support/embedded/test-key.ts';
import { atEnd, makeVirtualTime, type SqsRecord } from '../../../../support/iot-core/fixture.ts';
import { until } from '../../../../support/until.ts';

/** A queue and its mapping in virtual time; the test answers each invocation. */
function start(settings: Partial<QueueSettings> = {}) {
  const { clock, advance } = makeVirtualTime();
  const all = { ...defaultQueue, visibilityTimeoutMs: 1_000, ...settings };
  const queue = new ArrivalsQueue(all, clock);
  const invocations: {
    readonly records: SqsRecord[];
    readonly answer: (outcome: InvocationOutcome) => void;
  }[] = [];
  const invoke = (event: Buffer) =>
    new Promise<InvocationOutcome>((answer) => {
      const { Records } = JSON.parse(event.toString()) as { Records: SqsRecord[] };
      invocations.push({ records: Records, answer });
    });
  const faults = new Faults(clock, noFaults);
  const mapping = new EventSourceMapping(queue, { invoke, settings: all, clock, faults });
  let sent = 0;
  return {
    queue,
    mapping,
    faults,
    invocations,
    /** What is due now goes first, and what is due then goes too. */
    advance: async (ms: number) => {
      await advance(0);
      await advance(ms);
      await advance(0);
    },
    send: (count: number) => {
      for (let i = 0; i < count; i++) {
        const body = Buffer.from(`${sent++}`);
        queue.send(body, clock.now());
      }
    },
    bodies: (n: number) => invocations[n]?.records.map(({ body }) => Number(body)),
    answer: async (n: number, payload: string) => {
      invocations[n]?.answer({ kind: 'returned', payload });
      await advance(0);
    },
  };
}

const ok = '{"batchItemFailures":[]}';

describe('EventSourceMapping', () => {
  it('sends a batch when the window of its reader is over; the next message begins the next reader’s', async () => {
    const { send, invocations, advance, bodies, answer, queue } = start();
    send(3);
    await advance(999);
    expect(invocations).toHaveLength(0);
    send(1);
    await advance(1);
    expect(bodies(0)).toEqual([0, 1, 2]);
    expect(queue.depth).toMatchObject({ visible: 0, inFlight: 4 });
    await answer(0, ok);
    expect(queue.depth).toMatchObject({ inFlight: 1, sent: 4, delivered: 3 });
    await advance(1_000);
    expect(bodies(1)).toEqual([3]);
    await answer(1, ok);
    expect(queue.isEmpty).toBe(true);
  });

  it('holds a batch of a quiet queue back for as long as the faults say, and a full one not at all', async () => {
    const { send, invocations, advance, bodies, faults } = start({ batchSize: 3 });
    faults.change({ ...noFaults, queueHoldMs: 20_000 });
    send(4);
    await advance(0);
    expect(bodies(0)).toEqual([0, 1, 2]);
    await advance(19_999);
    expect(invocations).toHaveLength(1);
    await advance(1);
    expect(bodies(1)).toEqual([3]);
  });

  it('sends a full batch at once, one of each reader at a time, and lets the rest wait', async () => {
    const readers = { mode: 'standard', maximumConcurrency: 2 } as const;
    const { send, invocations, advance, bodies, answer, queue } = start({ batchSize: 3, readers });
    send(10);
    await advance(0);
    expect([bodies(0), bodies(1)]).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    await advance(5_000);
    expect(invocations).toHaveLength(2);
    expect(queue.depth).toMatchObject({ visible: 4, inFlight: 6 });
    send(1);
    await answer(1, ok);
    await advance(10);
    expect(bodies(2)).toEqual([6, 7, 8]);
    await answer(0, ok);
    await advance(1_010);
    expect(bodies(3)).toEqual([9, 10]);
  });

  it('takes ten messages a poll and a hundred polls a second from each reader', async () => {
    const readers = { mode: 'standard', maximumConcurrency: 2 } as const;
    const { send, advance, bodies, queue } = start({ readers, batchSize: 2_000 });
    send(5_000);
    await advance(0);
    expect(queue.depth).toMatchObject({ visible: 4_980, inFlight: 20 });
    await advance(1_000);
    expect(bodies(0)).toHaveLength(1_000);
    expect(bodies(1)).toHaveLength(1_000);
    expect(bodies(0)?.slice(0, 11)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 30]);
  });

  it('delivers again what the answer names, and gives up after three receives', async () => {
    const { send, invocations, advance, bodies, answer, queue, mapping } = start();
    send(4);
    await advance(1_000);
    const failures = (n: number) => {
      const { messageId } = invocations[n]!.records.find(({ body }) => body === '2')!;
      return JSON.stringify({ batchItemFailures: [{ itemIdentifier: messageId }] });
    };
    await answer(0, failures(0));
    expect(queue.depth).toMatchObject({ delivered: 3, delayed: 1 });
    await advance(999);
    expect(invocations).toHaveLength(1);
    await advance(1);
    expect(bodies(1)).toEqual([2]);
    expect(invocations[1]?.records[0]?.attributes.ApproximateReceiveCount).toBe('2');
    const emptied = mapping.whenEmpty();
    await answer(1, failures(1));
    await advance(1_000);
    await answer(2, failures(2));
    await emptied;
    expect(queue.depth).toMatchObject({ delivered: 3, deadLettered: 1, visible: 0, inFlight: 0, delayed: 0 });
    expect(mapping.counts).toMatchObject({ invocations: 3, failedInvocations: 0, failedRecords: 3 });
  });

  it.each<[string, InvocationOutcome]>([
    ['the function fails', { kind: 'failed', reason: '200 {"errorType":"Error"}' }],
    ['the answer is no batch response', { kind: 'returned', payload: '{"batchItemFailures":7}' }],
    [
      'it names a message that is not there',
      { kind: 'returned', payload: '{"batchItemFailures":[{"itemIdentifier":"x"}]}' },
    ],
  ])('delivers the whole batch again when %s', async (_what, outcome) => {
    const { send, invocations, advance, bodies, queue, mapping } = start();
    send(2);
    await advance(1_000);
    for (let receive = 0; receive < 3; receive++) {
      expect(bodies(receive)).toEqual([0, 1]);
      invocations[receive]?.answer(outcome);
      await advance(0);
      await advance(1_000);
    }
    expect(invocations).toHaveLength(3);
    expect(queue.depth).toMatchObject({ deadLettered: 2, delivered: 0 });
    expect(mapping.counts).toMatchObject({ failedInvocations: 3, lastFailure: expect.any(String) });
  });

  it('waits out a pause', async () => {
    const { send, invocations, advance, faults } = start();
    send(1);
    faults.pause(10_000);
    await advance(9_000);
    expect(invocations).toHaveLength(0);
    await advance(1_000);
    // Only now does a reader begin to gather.
    expect(invocations).toHaveLength(0);
    await advance(1_000);
    expect(invocations).toHaveLength(1);
  });
});

describe('parseBatchItemFailures', () => {
  it.each(['', 'null', '{}', '{"batchItemFailures":null}', '{"batchItemFailures":[]}'])(
    'takes %j for success',
    (payload) => {
      expect(parseBatchItemFailures(payload)).toEqual([]);
    },
  );

  it.each([
    '{',
    '7',
    '{"batchItemFailures":{}}',
    '{"batchItemFailures":[{}]}',
    '{"batchItemFailures":[{"itemIdentifier":""}]}',
    '{"batchItemFailures":[null]}',
  ])('takes %j for failure', (payload) => {
    expect(parseBatchItemFailures(payload)).toBeUndefined();
  });
});

describe('makeLambdaInvoker', () => {
  async function startLambda(status: number, headers: Record<string, string>, payload: string) {
    const requests: { readonly incoming: IncomingMessage; readonly body: string }[] = [];
    const server = createServer(async (incoming, outgoing) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
      requests.push({ incoming, body: Buffer.concat(chunks).toString() });
      outgoing.writeHead(status, headers).end(payload);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const invoker = makeLambdaInvoker({
      invokeUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      functionName: 'measure-latency',
      accessKey: testKey,
    });
    atEnd(() => {
      invoker.close();
      server.close();
    });
    return { ...invoker, requests, server };
  }

  it('calls the Invoke API', async () => {
    const { invoke, requests } = await startLambda(200, {}, ok);
    expect(await invoke(Buffer.from('{"Records":[]}'))).toEqual({ kind: 'returned', payload: ok });
    await invoke(Buffer.from('{}'));
    const [{ incoming, body } = {}] = requests;
    expect([incoming?.method, incoming?.url]).toEqual([
      'POST',
      '/2015-03-31/functions/measure-latency/invocations',
    ]);
    expect(incoming?.headers['x-amz-invocation-type']).toBe('RequestResponse');
    expect(body).toBe('{"Records":[]}');
    expect(requests[1]?.incoming.socket).toBe(incoming?.socket);
  });

  it('distinguishes a function that failed, a refusal, and a service that is not there', async () => {
    const thrown = await startLambda(200, { 'x-amz-function-error': 'Unhandled' }, '{"errorMessage":"no"}');
    expect(await thrown.invoke(Buffer.from('{}'))).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('no'),
    });
    const throttled = await startLambda(429, {}, '{"message":"Rate Exceeded."}');
    expect(await throttled.invoke(Buffer.from('{}'))).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(/^429/),
    });
    throttled.server.close();
    throttled.server.closeAllConnections();
    await until(() => !throttled.server.listening);
    expect(await throttled.invoke(Buffer.from('{}'))).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(/ECONN|hang up/),
    });
  });
});
