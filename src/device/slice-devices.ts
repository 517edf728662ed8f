import { topicOfDevice } from '../plan/device-topic.ts';
import { echoingBefore } from '../plan/echoes.ts';
import { identifyDevice, type Slice } from '../plan/plan.ts';
import type { TransportClients } from './transport.ts';

/** The virtual devices of one slice, by index within it. */
export interface SliceDevices extends TransportClients {
  topic(device: number): string;
  /** Whether the device subscribes to its own topic. */
  echoes(device: number): boolean;
}

export function describeDevices({ group, firstDevice, devices, slice }: Slice): SliceDevices {
  const before = echoingBefore(group.profile);
  return {
    count: devices,
    clientId: (device) => identifyDevice(group.runId, firstDevice + device).clientId,
    topic: (device) => topicOfDevice(group, firstDevice + device, slice),
    echoes(device) {
      const index = firstDevice - group.firstDevice + device;
      return before(index + 1) > before(index);
    },
  };
}
