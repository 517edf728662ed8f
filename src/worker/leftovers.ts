import type { ArrivalsSource } from '../aws/arrivals-backlog.ts';
import type { IteratorAge } from '../aws/iterator-age.ts';
import { deploymentOf } from '../plan/deployment.ts';
import type { Plan } from '../plan/plan.ts';
import { messagesReadPerSecond } from '../plan/queue-readers.ts';
import { refuseLag, refuseLeftovers } from '../plan/refusals.ts';
import type { InputError } from '../shared/errors.ts';

/** The queue that this run's arrivals will stand in. */
export interface SharedQueue {
  readonly url: string;
  readonly source: Pick<ArrivalsSource, 'unread'>;
}

/**
 * Why messages that earlier runs left in the queue speak against starting this one now; nothing where they do not. A queue
 * that cannot be read refuses no run: its report will say so.
 */
export async function findLeftovers(plan: Plan, { url, source }: SharedQueue): Promise<InputError[]> {
  let messages: number;
  try {
    const { runId, timeline } = plan;
    messages = (await source.unread({ runId, createdAt: timeline.createdAt, readUpTo: new Map() })).count;
  } catch {
    return [];
  }
  const readPerSecond = messagesReadPerSecond(deploymentOf(plan).arrivals, 'slowest');
  return refuseLeftovers(plan, { messages, readPerSecond, queueUrl: url });
}

/**
 * The same of a stream: how far its reader was behind it in the last minute that is known. Where that is not known, no run is
 * refused: its report will say so.
 */
export async function findLag(
  plan: Plan,
  readAge: () => Promise<IteratorAge | undefined>,
): Promise<InputError[]> {
  try {
    const age = await readAge();
    return age === undefined ? [] : refuseLag(plan, age);
  } catch {
    return [];
  }
}
