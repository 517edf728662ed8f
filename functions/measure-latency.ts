import { makeRunStore } from '../src/aws/bucket.ts';
import { measureArrivals } from '../src/measure/arrivals.ts';
import { makeSystemClock } from '../src/shared/clock.ts';
import { readEnvironment } from '../src/worker/environment.ts';
import { makeLiveView } from '../src/worker/live-view.ts';

const environment = readEnvironment(process.env);
const store = makeRunStore(environment.runBucket);
const liveView = makeLiveView(environment.influx, { store, clock: makeSystemClock(), random: Math.random });

/** SQS's partial batch response: nothing here fails for one message alone, so it is all of a batch or none. */
interface BatchResponse {
  readonly batchItemFailures: readonly [];
}

/**
 * A batch of arrivals into latency windows.
 * @param event a batch from the queue, or one record of the rule's when the stack's subscriber is `direct`
 * @throws when a window could not be stored: the queue delivers the batch again, under the same window key
 */
export async function handler(event: unknown): Promise<BatchResponse> {
  const { windows } = measureArrivals(event, Date.now());
  await Promise.all(
    windows.map(async (window) => {
      await store.putArrivalWindow(window);
      await liveView.arrivals(window);
    }),
  );
  return { batchItemFailures: [] };
}
