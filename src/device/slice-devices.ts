import { topicOfDevice } from '../plan/device-topic.ts';
import { echoingBefore } from '../plan/echoes.ts';
import { kindsOf } from '../plan/kinds.ts';
import { identifyDevice, type Slice } from '../plan/plan.ts';
import type { Clock } from '../shared/clock.ts';
import type { TransportClients } from './transport.ts';
import { WillWriter } from './will-writer.ts';

/** The virtual devices of one slice, by index within it. */
export interface SliceDevices extends TransportClients {
  /** Of the slice's kinds of message, in their order: where the device publishes them. */
  topics(device: number): readonly string[];
  /** Whether the device subscribes to its own topics. */
  echoes(device: number): boolean;
}

/** @param clock dates the values of wills; absent where no device is to connect */
export function describeDevices(described: Slice, clock?: Pick<Clock, 'now'>): SliceDevices {
  const { group, firstDevice, devices, slice } = described;
  const { will, identity } = group.profile.connect;
  const before = echoingBefore(group.profile);
  const wills = will === undefined || clock === undefined ? undefined : new WillWriter(described, will);
  return {
    count: devices,
    clientId: (device) => identifyDevice(group.runId, firstDevice + device, identity).clientId,
    ...(wills && clock && { will: (device: number) => wills.write(device, clock.now()) }),
    topics: (device) => kindsOf(group).map((kind) => topicOfDevice(kind, firstDevice + device, slice)),
    echoes(device) {
      const index = firstDevice - group.firstDevice + device;
      return before(index + 1) > before(index);
    },
  };
}
