import { dataPlaneClientOf, makeControl } from '../src/aws/control.ts';
import { makeDenseClient } from '../src/device/transports/dense-client.ts';
import { httpsSlicesOf } from '../src/plan/groups.ts';
import { subscriberSlicesOf } from '../src/plan/subscribers.ts';
import { makeSystemClock } from '../src/shared/clock.ts';
import { dataUrlOf, mqttEndpointsOf } from '../src/targets/traits-of.ts';
import { pollControl } from '../src/worker/control-poll.ts';
import { makeMqttTargetReader } from '../src/worker/device-credentials.ts';
import type { SliceRequest } from '../src/worker/publish-slice.ts';
import { openSliceFunction } from '../src/worker/slice-function.ts';
import { subscribeSlice } from '../src/worker/subscribe-slice.ts';

const { credentialSources, shared } = openSliceFunction(process.env);
const readTarget = makeMqttTargetReader(credentialSources);

/** Runs one slice that subscribes to what the others publish. */
export async function handler(request: SliceRequest): Promise<{ slice: number }> {
  const clock = makeSystemClock();
  return subscribeSlice(request, {
    ...shared,
    clock,
    makeTransport: async ({ runId, profile, target, firstDevice }) => {
      const device = { runId, firstDevice, count: 1 };
      const way = await readTarget(mqttEndpointsOf(target), profile.connect, device);
      return makeDenseClient(profile, way, clock);
    },
    openControl: async (plan, control, contact) =>
      pollControl({
        control: makeControl(dataPlaneClientOf(dataUrlOf(control))),
        runId: plan.runId,
        slices: httpsSlicesOf(plan) + subscriberSlicesOf(plan),
        clock,
        random: Math.random,
        ...contact,
      }),
  });
}
