import { setTimeout as sleep } from 'node:timers/promises';
import { GetEventSourceMappingCommand, UpdateEventSourceMappingCommand } from '@aws-sdk/client-lambda';

/** A change of a mapping takes seconds, and a minute or two at most. */
const waitSeconds = 300;
const second = () => sleep(1_000);

/**
 * Turns event source mappings off: what waits in the queue or the stream stays there, unread.
 *
 * @param client of Lambda
 * @param uuids of the mappings
 * @param pause waits a second
 * @returns those that were on
 * @throws if one is not off after five minutes
 */
export async function disableEventSources(client, uuids, pause = second) {
  const disabled = [];
  for (const uuid of uuids) if (await disable(client, uuid, pause)) disabled.push(uuid);
  return disabled;
}

async function disable(client, UUID, pause) {
  let wasOn = false;
  for (let waited = 0; waited < waitSeconds; waited++) {
    let state;
    try {
      ({ State: state } = await client.send(new GetEventSourceMappingCommand({ UUID })));
    } catch (error) {
      if (error.name === 'ResourceNotFoundException') return false;
      throw error;
    }
    if (state === 'Disabled') return wasOn;
    // In every other state (Creating, Updating, Enabling) Lambda refuses a change.
    if (state === 'Enabled') wasOn = (await turnOff(client, UUID)) || wasOn;
    await pause();
  }
  throw new Error(
    `The event source mapping ${UUID} of measure-latency is not disabled after ${waitSeconds} s. ` +
      'Disable it in the Lambda console, and remove the stack again.',
  );
}

/** False: another change of the mapping is not done yet. */
async function turnOff(client, UUID) {
  try {
    await client.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }));
    return true;
  } catch (error) {
    if (/^Resource(InUse|Conflict)Exception$/.test(error.name)) return false;
    throw error;
  }
}

/** For a removal that failed: the stack reads arrivals again. */
export async function enableEventSources(client, uuids) {
  for (const UUID of uuids) {
    await client.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true }));
  }
}
