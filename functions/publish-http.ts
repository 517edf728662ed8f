import { makeControl } from '../src/aws/control.ts';
import { pollControl } from '../src/aws/control-poll.ts';
import { readEnvironment } from '../src/aws/environment.ts';
import { makeLiveView } from '../src/aws/influx.ts';
import { publishSlice, type SliceRequest } from '../src/aws/publish-slice.ts';
import { makeRunStore } from '../src/aws/run-store.ts';
import { makeSystemClock } from '../src/device/clock.ts';
import { makeHttpsTransport } from '../src/device/transports/https.ts';

const environment = readEnvironment(process.env);
const store = makeRunStore(environment.runBucket);
const liveView = makeLiveView(environment.influx, { store, clock: makeSystemClock(), random: Math.random });
const control = makeControl();

/** Runs one slice of virtual devices over HTTPS. */
export async function handler(request: SliceRequest): Promise<{ slice: number }> {
  const clock = makeSystemClock();
  return publishSlice(request, {
    store,
    liveView,
    clock,
    makeTransport: async ({ profile }) => makeHttpsTransport(profile.publish),
    openControl: async ({ runId }, _slice, hearing) => pollControl({ control, runId, clock, ...hearing }),
  });
}
