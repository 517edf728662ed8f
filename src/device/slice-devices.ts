import { topicOfDevice } from '../plan/device-topic.ts';
import { echoingBefore } from '../plan/echoes.ts';
import { kindsOf } from '../plan/kinds.ts';
import { identifyDevice, type Slice } from '../plan/plan.ts';
import type { TransportClients } from './transport.ts';

/** The virtual devices of one slice, by index within it. */
export interface SliceDevices extends TransportClients {
  /** Of the slice's kinds of message, in their order: where the device publishes them. */
  topics(device: number): readonly string[];
  /** Whether the device subscribes to its own topics. */
  echoes(device: number): boolean;
}

export function describeDevices({ group, firstDevice, devices, slice }: Slice): SliceDevices {
  const before = echoingBefore(group.profile);
  return {
    count: devices,
    clientId: (device) => identifyDevice(group.runId, firstDevice + device).clientId,
    topics: (device) => kindsOf(group).map((kind) => topicOfDevice(kind, firstDevice + device, slice)),
    echoes(device) {
      const index = firstDevice - group.firstDevice + device;
      return before(index + 1) > before(index);
    },
  };
}
