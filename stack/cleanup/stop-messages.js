import { ListRetainedMessagesCommand, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { retryThrottled } from './throttling.js';

export const controlTopicPrefix = 'stampede-control/';

/** What `stampede stop` sends: slices of the run end, and those that start later end at once. */
export async function sendStopMessage(client, runId) {
  const message = { command: 'stop', reason: 'the stack is being removed (sls remove)', at: Date.now() };
  const payload = new TextEncoder().encode(JSON.stringify(message));
  const publish = { topic: `${controlTopicPrefix}${runId}`, qos: 1, retain: true, payload };
  await retryThrottled(() => client.send(new PublishCommand(publish)));
}

/** Of these runs only: other stages of the account have theirs on the same endpoint. */
export async function clearStopMessages(client, runIds) {
  let nextToken;
  do {
    const page = await retryThrottled(() => client.send(new ListRetainedMessagesCommand({ nextToken })));
    for (const { topic } of page.retainedTopics ?? []) {
      if (!topic.startsWith(controlTopicPrefix) || !runIds.has(topic.slice(controlTopicPrefix.length)))
        continue;
      // [MQTT-3.3.1-10] A retained message with an empty payload deletes the one that is kept.
      const empty = { topic, qos: 1, retain: true, payload: new Uint8Array() };
      await retryThrottled(() => client.send(new PublishCommand(empty)));
    }
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
}
