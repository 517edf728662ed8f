import { setTimeout as sleep } from 'node:timers/promises';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import {
  type Announcement,
  formatAnnouncement,
  type LiveAction,
  storeNumbered,
} from '../../plan/actions/action.ts';
import { stopAction } from '../../plan/actions/stop.ts';
import { controlTopicOf } from '../../plan/plan.ts';
import { region } from '../gateway/arns.ts';
import { AwsError } from '../gateway/aws-error.ts';
import type { Credentials } from '../gateway/request-signature.ts';
import type { RunFiles } from '../s3/run-files.ts';
import type { Execution } from '../step-functions/machine.ts';

interface StopOptions {
  readonly files: Pick<RunFiles, 'put'>;
  /** Base URL of the IoT data plane. */
  readonly iotCoreUrl: string;
  readonly accountKey: Credentials;
  /** How long they may take; then it is over, whatever they do. */
  readonly graceMs: number;
}

/**
 * Stops each run as a user would, with an action that is stored and then announced: the slices disconnect, the run drains
 * and writes its report.
 */
export async function stopRuns(
  executions: readonly Execution[],
  { files, iotCoreUrl, accountKey, graceMs }: StopOptions,
): Promise<void> {
  if (executions.length === 0) return;
  const client = new IoTDataPlaneClient({
    endpoint: iotCoreUrl,
    region,
    credentials: accountKey,
  });
  await Promise.allSettled(executions.map(({ name }) => stopRun(client, name, files)));
  client.destroy();
  const over = new AbortController();
  await Promise.race([
    Promise.all(executions.map(({ finished }) => finished)),
    sleep(graceMs, undefined, { signal: over.signal }).catch(() => undefined),
  ]);
  over.abort();
}

async function stopRun(
  client: IoTDataPlaneClient,
  runId: string,
  files: StopOptions['files'],
): Promise<void> {
  const stop: LiveAction = {
    at: Date.now(),
    action: stopAction({ reason: 'embedded AWS is shutting down' }),
  };
  let announcement: Announcement = stop;
  try {
    const stored = (k: number) => ({ version: 1, runId, k, ...stop });
    const k = await storeNumbered(0, async (next) => {
      const body = Buffer.from(JSON.stringify(stored(next)));
      return files.put(`runs/${runId}/actions/${next}.json`, body, true).then(() => true, falseIfTaken);
    });
    announcement = stored(k);
  } catch {
    // A stop is announced all the same: the slices record it.
  }
  const payload = Buffer.from(formatAnnouncement(announcement));
  await client.send(new PublishCommand({ topic: controlTopicOf(runId), qos: 1, retain: true, payload }));
}

function falseIfTaken(error: unknown): false {
  if (error instanceof AwsError && error.code === 'PreconditionFailed') return false;
  throw error;
}
