import {
  GetRetainedMessageCommand,
  IoTDataPlaneClient,
  type IoTDataPlaneClientConfig,
  PublishCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-iot-data-plane';
import { type Announcement, formatAnnouncement, parseAnnouncement } from '../plan/actions/action.ts';
import { controlTopicOf } from '../plan/plan.ts';

/** Announces a run's actions to its slices: a retained message on `stampede-control/{runId}`, which holds the last one. */
export interface Control {
  announce(runId: string, announcement: Announcement): Promise<void>;
  /** Undefined: nothing was announced. */
  read(runId: string): Promise<Announcement | undefined>;
  /** Removes the retained message, so that nothing of the run is left on the endpoint. */
  clear(runId: string): Promise<void>;
}

/**
 * Attempts of a client that retains messages: a topic takes one a second, and the SDK's usual three attempts may be over
 * by then. Eight are some 20 s with its jittered back-off.
 */
export const attemptsToRetain = 8;

/** @param endpoint the HTTPS API of a plan's target; undefined: the SDK's default. @param settings beside it */
export function dataPlaneClientOf(
  endpoint: string | undefined,
  settings: IoTDataPlaneClientConfig = {},
): IoTDataPlaneClient {
  return new IoTDataPlaneClient(endpoint === undefined ? settings : { ...settings, endpoint });
}

export function makeControl(client: IoTDataPlaneClient): Control {
  const publish = async (runId: string, payload: string): Promise<void> => {
    await client.send(
      new PublishCommand({
        topic: controlTopicOf(runId),
        qos: 1,
        retain: true,
        payload: Buffer.from(payload),
      }),
    );
  };
  return {
    announce: (runId, announcement) => publish(runId, formatAnnouncement(announcement)),
    async read(runId) {
      try {
        const { payload } = await client.send(
          new GetRetainedMessageCommand({ topic: controlTopicOf(runId) }),
        );
        return payload === undefined
          ? undefined
          : parseAnnouncement(Buffer.from(payload).toString(), Date.now());
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return undefined;
        throw error;
      }
    },
    // [MQTT-3.3.1-10] A retained message with an empty payload deletes the one that is kept.
    clear: (runId) => publish(runId, ''),
  };
}
