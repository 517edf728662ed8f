import { topicOfDevice } from '../plan/device-topic.ts';
import { echoingBefore } from '../plan/echoes.ts';
import { kindsOf } from '../plan/kinds.ts';
import { identifyDevice, type Slice } from '../plan/plan.ts';
import type { Clock } from '../shared/clock.ts';
import type { TransportClients } from './transport.ts';
import { WillWriter } from './will-writer.ts';

/** The virtual devices of one slice, by index within it. */
export interface SliceDevices extends TransportClients {
  /** A device's index over the whole run: that of its place, or above those of all places where it has replaced another. */
  readonly indexOf: (device: number) => number;
  /** A new device takes the place of this one. @param life 1 for the first that replaces another, and so on */
  replace(device: number, life: number): void;
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
  const lives = new Uint32Array(devices);
  const indexOf = (device: number) => firstDevice + device + lives[device]! * group.allDevices;
  const wills =
    will === undefined || clock === undefined ? undefined : new WillWriter(described, will, indexOf);
  return {
    count: devices,
    indexOf,
    replace(device, life) {
      lives[device] = life;
    },
    clientId: (device) => identifyDevice(group.runId, indexOf(device), identity).clientId,
    ...(wills && clock && { will: (device: number) => wills.write(device, clock.now()) }),
    topics: (device) => kindsOf(group).map((kind) => topicOfDevice(kind, indexOf(device), slice)),
    echoes(device) {
      const index = firstDevice - group.firstDevice + device;
      return before(index + 1) > before(index);
    },
  };
}
