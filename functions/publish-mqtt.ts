import { readEnvironment } from '../src/aws/environment.ts';
import { makeLiveView } from '../src/aws/influx.ts';
import { publishSlice, type SliceRequest } from '../src/aws/publish-slice.ts';
import { makeRunStore } from '../src/aws/run-store.ts';
import { makeSystemClock } from '../src/device/clock.ts';
import { openControlChannel } from '../src/device/control-channel.ts';
import { chooseDoor } from '../src/device/transports/iot-door.ts';
import { makeMqttTransport } from '../src/device/transports/mqtt.ts';

const environment = readEnvironment(process.env);
const store = makeRunStore(environment.runBucket);
const liveView = makeLiveView(environment.influx, { store, clock: makeSystemClock(), random: Math.random });

/** Runs one slice of virtual devices over MQTT. */
export async function handler(request: SliceRequest): Promise<{ slice: number }> {
  return publishSlice(request, {
    store,
    liveView,
    makeTransport: ({ profile, target }) =>
      makeMqttTransport(profile, chooseDoor(target?.doors ?? environment.iotDoors, profile.connect.auth)),
    openControl: (plan, slice, transport, stop) =>
      openControlChannel({
        runId: plan.runId,
        slice,
        transport,
        clock: makeSystemClock(),
        onMessage: ({ reason }) => stop(reason),
        onLost: stop,
      }),
  });
}
