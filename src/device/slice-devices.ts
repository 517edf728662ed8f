import { topicOfDevice } from '../plan/device-topic.ts';
import { identifyDevice, type Plan, type Slice } from '../plan/plan.ts';
import type { TransportClients } from './transport.ts';

/** The virtual devices of one slice, by index within it. */
export interface SliceDevices extends TransportClients {
  topic(device: number): string;
  /** Whether the device subscribes to its own topic. */
  echoes(device: number): boolean;
}

export function describeDevices(plan: Plan, slice: Slice): SliceDevices {
  const { connect, devices, echo } = plan.profile;
  // Over HTTPS there is nothing to subscribe with.
  const echoing = connect.protocol === 'mqtt' ? Math.ceil(echo.fraction * devices) : 0;
  return {
    count: slice.devices,
    clientId: (device) => identifyDevice(plan.runId, slice.firstDevice + device).clientId,
    topic: (device) => topicOfDevice(plan, slice.firstDevice + device, slice.slice),
    // ⌈fraction · D⌉ devices of the whole run, spread evenly over it, found without a list of them.
    echoes(device) {
      const index = slice.firstDevice + device;
      return Math.floor(((index + 1) * echoing) / devices) > Math.floor((index * echoing) / devices);
    },
  };
}
