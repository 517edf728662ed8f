import { makeRunStore } from '../src/aws/bucket.ts';
import { dataPlaneClientOf, makeControl } from '../src/aws/control.ts';
import { makeHttpsTransport } from '../src/device/transports/https.ts';
import { makeSystemClock } from '../src/shared/clock.ts';
import { dataUrlOf } from '../src/targets/traits-of.ts';
import { pollControl } from '../src/worker/control-poll.ts';
import { readEnvironment } from '../src/worker/environment.ts';
import { makeLiveView } from '../src/worker/live-view.ts';
import { publishSlice, type SliceRequest } from '../src/worker/publish-slice.ts';

const environment = readEnvironment(process.env);
const store = makeRunStore(environment.runBucket);
const known = { ...environment, region: process.env.AWS_REGION };
const liveView = makeLiveView(environment.influx, { store, clock: makeSystemClock(), random: Math.random });

/** Runs one slice of virtual devices over HTTPS. */
export async function handler(request: SliceRequest): Promise<{ slice: number }> {
  const clock = makeSystemClock();
  return publishSlice(request, {
    store,
    known,
    liveView,
    clock,
    makeTransport: async ({ profile, target }) =>
      makeHttpsTransport({ ...profile.publish, dataUrl: dataUrlOf(target) }),
    openControl: async ({ runId, control, httpsSlices }, _slice, contact) =>
      pollControl({
        control: makeControl(dataPlaneClientOf(dataUrlOf(control))),
        runId,
        slices: httpsSlices,
        clock,
        random: Math.random,
        ...contact,
      }),
  });
}
