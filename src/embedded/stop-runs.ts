import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlMessage } from '../plan/control-message.ts';
import { controlTopicOf } from '../plan/plan.ts';
import type { Execution } from './execution.ts';

/**
 * Tells each run to stop, as a user would: a retained message on its control topic. Its slices disconnect, it drains and
 * writes its report.
 * @param iotCoreUrl base URL of the IoT data plane
 * @param graceMs how long they may take; then it is over, whatever they do
 */
export async function stopRuns(
  executions: readonly Execution[],
  iotCoreUrl: string,
  graceMs: number,
): Promise<void> {
  if (executions.length === 0) return;
  await Promise.allSettled(executions.map(({ name }) => publishStop(iotCoreUrl, name)));
  const over = new AbortController();
  await Promise.race([
    Promise.all(executions.map(({ finished }) => finished)),
    sleep(graceMs, undefined, { signal: over.signal }).catch(() => undefined),
  ]);
  over.abort();
}

async function publishStop(iotCoreUrl: string, runId: string): Promise<void> {
  const message: ControlMessage = {
    command: 'stop',
    reason: 'embedded AWS is shutting down',
    at: Date.now(),
  };
  const topic = encodeURIComponent(controlTopicOf(runId));
  await fetch(`${iotCoreUrl}/topics/${topic}?qos=1&retain=true`, {
    method: 'POST',
    body: JSON.stringify(message),
  });
}
