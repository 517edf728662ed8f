import {
  GetRetainedMessageCommand,
  IoTDataPlaneClient,
  PublishCommand,
} from '@aws-sdk/client-iot-data-plane';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type IotCore, startIotCore } from '../../src/embedded/iot-core/start.ts';
import { controlTopicOf } from '../../src/plan/plan.ts';
import { clearStopMessages } from '../../stack/plugins/leave-nothing-behind.js';
import { testKey } from '../embedded/test-key.ts';

let iotCore: IotCore;
let client: IoTDataPlaneClient;
beforeAll(async () => {
  iotCore = await startIotCore({
    ruleSql: "SELECT * FROM 'stampede/#'",
    invokeUrl: 'http://127.0.0.1:9',
    functionName: 'nobody',
    doors: { accessKeys: [testKey] },
  });
  client = new IoTDataPlaneClient({
    endpoint: `http://127.0.0.1:${iotCore.httpPort}`,
    region: 'us-east-1',
    credentials: testKey,
    // A second retained message on a topic within a second is throttled, and tried again after a random time.
    maxAttempts: 10,
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
const isKept = (topic: string) =>
  client.send(new GetRetainedMessageCommand({ topic })).then(
    () => true,
    () => false,
  );

it("clears the stop messages of a stage's own runs, and no others", async () => {
  const topics = [controlTopicOf('ours-1'), controlTopicOf('theirs-1'), 'stampede/ours-1'];
  for (const topic of topics) await retain(topic);

  await clearStopMessages(client, new Set(['ours-1']));

  expect(await Promise.all(topics.map(isKept))).toEqual([false, true, true]);
});
