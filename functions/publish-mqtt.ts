import { controlProfileOf, openControlChannel } from '../src/device/control-channel.ts';
import type { SliceNetwork } from '../src/device/network/shaping/slice-network.ts';
import type { MakeTransport } from '../src/device/transport.ts';
import { makeMqttTransport } from '../src/device/transports/mqtt.ts';
import { type Clock, makeSystemClock } from '../src/shared/clock.ts';
import { mqttEndpointsOf } from '../src/targets/traits-of.ts';
import { makeMqttTargetReader } from '../src/worker/device-credentials.ts';
import {
  type LoadedGroup,
  publishSlice,
  type SliceAnswer,
  type SliceRequest,
} from '../src/worker/publish-slice.ts';
import { openSliceFunction } from '../src/worker/slice-function.ts';

const { credentialSources, shared } = openSliceFunction(process.env);
const readTarget = makeMqttTargetReader(credentialSources);

/** Runs one slice of virtual devices over MQTT. */
export async function handler(request: SliceRequest): Promise<SliceAnswer> {
  const clock = makeSystemClock();
  return publishSlice(request, {
    ...shared,
    clock,
    makeTransport: (group, network) => makeTransport(group, clock, network),
    openControl: async (group, slice, contact) =>
      openControlChannel({
        runId: group.runId,
        slice,
        transport: await makeTransport(controlOf(group), clock),
        clock,
        ...contact,
      }),
  });
}

function controlOf({ profile, target, control, ...group }: LoadedGroup): LoadedGroup {
  return { ...group, profile: controlProfileOf(profile, control === target), target: control, control };
}

async function makeTransport(
  group: LoadedGroup,
  clock: Clock,
  network?: SliceNetwork,
): Promise<MakeTransport> {
  const { runId, profile, target, firstDevice, devices: count } = group;
  const devices = { runId, firstDevice, count };
  return makeMqttTransport(
    profile,
    await readTarget(mqttEndpointsOf(target), profile.connect, devices),
    clock,
    network,
  );
}
