import { setTimeout as sleep } from 'node:timers/promises';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import type { ControlMessage } from '../../plan/control-message.ts';
import { controlTopicOf } from '../../plan/plan.ts';
import { region } from '../gateway/arns.ts';
import type { Credentials } from '../gateway/request-signature.ts';
import type { Execution } from '../step-functions/machine.ts';

interface StopOptions {
  /** Base URL of the IoT data plane. */
  readonly iotCoreUrl: string;
  readonly accountKey: Credentials;
  /** How long they may take; then it is over, whatever they do. */
  readonly graceMs: number;
}

/**
 * Stops each run as a user would, with a retained message on its control topic: the slices disconnect, the run drains
 * and writes its report.
 */
export async function stopRuns(
  executions: readonly Execution[],
  { iotCoreUrl, accountKey, graceMs }: StopOptions,
): Promise<void> {
  if (executions.length === 0) return;
  const client = new IoTDataPlaneClient({
    endpoint: iotCoreUrl,
    region,
    credentials: accountKey,
  });
  await Promise.allSettled(executions.map(({ name }) => publishStop(client, name)));
  client.destroy();
  const over = new AbortController();
  await Promise.race([
    Promise.all(executions.map(({ finished }) => finished)),
    sleep(graceMs, undefined, { signal: over.signal }).catch(() => undefined),
  ]);
  over.abort();
}

async function publishStop(client: IoTDataPlaneClient, runId: string): Promise<void> {
  const message: ControlMessage = {
    command: 'stop',
    reason: 'embedded AWS is shutting down',
    at: Date.now(),
  };
  const payload = Buffer.from(JSON.stringify(message));
  await client.send(new PublishCommand({ topic: controlTopicOf(runId), qos: 1, retain: true, payload }));
}
