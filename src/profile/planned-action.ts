import type { NetworkForm } from './network-presets.ts';
import type { ServiceFaultChange } from './service-faults.ts';

/**
 * How a device's connection ends. `clean`: with a DISCONNECT. `drop`: it breaks without one. `silent`: the device sends and answers
 * nothing more and nothing is closed, so that only its keep-alive shows the service that it is not there.
 */
export type DisconnectKind = 'clean' | 'drop' | 'silent';

/** Ends connections of a share of a group's devices, which then come back by their own backoff. */
export interface Disconnect {
  /** 0–1. */
  readonly share: number;
  readonly how: DisconnectKind;
}

export interface PlannedDisconnect extends Disconnect {
  readonly kind: 'disconnect';
}

/** The way of a device from one Region to another. */
export interface RegionMove {
  /** Names of Regions of the run. */
  readonly from: string;
  readonly to: string;
}

/** Ends connections of a share of the devices that are in one Region, which then connect to another by their own backoff. */
export interface Failover extends RegionMove {
  /** 0–1. */
  readonly share: number;
}

export interface PlannedFailover extends Failover {
  readonly kind: 'failover';
}

/** Changes the network of a group's devices, their open connections included. */
export interface PlannedNetwork {
  readonly kind: 'network';
  /** As the user wrote it: settings that an object does not name stay as they are. */
  readonly network: NetworkForm;
}

/** As of `RateChange`. */
export type PlannedRate =
  | { readonly kind: 'rate'; readonly factor: number }
  | { readonly kind: 'rate'; readonly perSecond: number };

/** Changes how many users of a closed model are active. */
export interface PlannedUsers {
  readonly kind: 'users';
  readonly count: number;
}

/** As of `ReconnectChange`. */
export interface PlannedConnects {
  readonly kind: 'connects';
  readonly perSecond: number;
}

/** As of `DevicesChange`. */
export interface PlannedDevices {
  readonly kind: 'devices';
  readonly count: number;
}

/** Changes the faults of the embedded IoT Core. */
export interface PlannedFaults {
  readonly kind: 'faults';
  /** Faults that it does not name stay as they are; `none` ends all. */
  readonly faults: ServiceFaultChange | 'none';
}

/** An action of the profile's timeline. */
export interface PlannedAction {
  /** After publishing begins. */
  readonly atMs: number;
  /** Absent: all groups. */
  readonly group?: string;
  readonly action:
    | PlannedDisconnect
    | PlannedFailover
    | PlannedNetwork
    | PlannedRate
    | PlannedUsers
    | PlannedConnects
    | PlannedDevices
    | PlannedFaults;
}

/** Actions of a profile's timeline at most. */
export const maxTimelineEntries = 100;

/** [MQTT-3.1.2-22] Then the service ends the connection of a device that is silent; by then the device has noticed it as well. */
export const keepAlivesUntilNoticed = 1.5;
