import {
  GetRetainedMessageCommand,
  IoTDataPlaneClient,
  PublishCommand,
} from '@aws-sdk/client-iot-data-plane';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type IotCore, startIotCore } from '../../../src/embedded/iot-core/start-iot-core.ts';
import { parseAnnouncement } from '../../../src/plan/actions/action.ts';
import { stopOf } from '../../../src/plan/actions/stop.ts';
import { controlTopicOf } from '../../../src/plan/plan.ts';
import { clearStopMessages, sendStopMessage } from '../../../stack/cleanup/stop-messages.js';
import { retryThrottled } from '../../../stack/cleanup/throttling.js';
import { testKey } from '../../support/embedded/test-key.ts';

let iotCore: IotCore;
let client: IoTDataPlaneClient;
beforeAll(async () => {
  iotCore = await startIotCore({
    ruleSql: "SELECT * FROM 'stampede/#'",
    invokeUrl: 'http://127.0.0.1:9',
    functionName: 'no-such-function',
    listeners: { accessKeys: [testKey] },
  });
  client = new IoTDataPlaneClient({
    endpoint: `http://127.0.0.1:${iotCore.httpPort}`,
    region: 'us-east-1',
    credentials: testKey,
    maxAttempts: 1, // without the SDK's luck
  });
});
afterAll(async () => {
  client.destroy();
  await iotCore.close();
});

const retain = (topic: string) =>
  client.send(
    new PublishCommand({ topic, qos: 1, retain: true, payload: Buffer.from('{"command":"stop"}') }),
  );
/** A client that is throttled so many times, and then is not. */
const throttledTimes = (times: number) => {
  let calls = 0;
  const send = async () => {
    if (calls++ < times) throw Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
    return calls;
  };
  return { send, calls: () => calls };
};
const isKept = (topic: string) =>
  client.send(new GetRetainedMessageCommand({ topic })).then(
    () => true,
    () => false,
  );

// The first publish on a topic takes its quota for a second: the one that clears the message is throttled at first.
it("clears the stop messages of a stage's own runs in the second they were retained, and no others", async () => {
  const topics = [controlTopicOf('ours-1'), controlTopicOf('theirs-1'), 'stampede/ours-1'];
  for (const topic of topics) await retain(topic);

  await clearStopMessages(client, new Set(['ours-1']));

  expect(await Promise.all(topics.map(isKept))).toEqual([false, true, true]);
});

it('asks the slices of a run to stop, as the command line does', async () => {
  await sendStopMessage(client, 'running-1');

  const { payload } = await client.send(
    new GetRetainedMessageCommand({ topic: controlTopicOf('running-1') }),
  );
  const announcement = parseAnnouncement(Buffer.from(payload!).toString(), 0);
  expect(stopOf(announcement!)).toEqual({
    command: 'stop',
    reason: 'the stack is being removed (sls remove)',
    at: expect.any(Number),
  });
});

it('outlasts eleven throttled attempts, and gives up after the twelfth', async () => {
  const pause = async () => {};
  expect(await retryThrottled(throttledTimes(11).send, pause)).toBe(12);

  const always = throttledTimes(Number.POSITIVE_INFINITY);
  await expect(retryThrottled(always.send, pause)).rejects.toThrow('Rate exceeded');
  expect(always.calls()).toBe(12);
});

it('repeats nothing that failed for another reason', async () => {
  let calls = 0;
  const send = async () => {
    calls++;
    throw Object.assign(new Error('not allowed'), { name: 'ForbiddenException' });
  };
  await expect(retryThrottled(send)).rejects.toThrow('not allowed');
  expect(calls).toBe(1);
});
