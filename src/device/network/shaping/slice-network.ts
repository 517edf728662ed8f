import type { NetworkResult } from '../../../measure/network-result.ts';
import type { BothDraws } from '../../../plan/network/handshake.ts';
import { NetworkDraws } from '../../../plan/network/network-draws.ts';
import { type KernelSetting, userPart } from '../../../profile/kernel-network.ts';
import type { NetworkConditions, NetworkForm } from '../../../profile/network-presets.ts';
import type { Clock } from '../../../shared/clock.ts';
import { formatIpv4 } from '../../../shared/ipv4.ts';
import { NetworkChanges } from '../network-changes.ts';
import { NetworkCounters } from './network-counters.ts';
import { WakeHeap } from './wake-heap.ts';

/** The network of one slice of devices. */
export interface SliceNetworkSettings {
  readonly clock: Clock;
  readonly seed: number;
  /** Of the slice, over the whole run. */
  readonly firstDevice: number;
  /** Of the profile; absent: it does nothing. */
  readonly planned?: NetworkConditions | undefined;
  /** Whether an outage of this share of the group's devices includes a device, by its index in the slice. */
  readonly isOut: (share: number, device: number) => boolean;
  /** The kernel makes these settings below, of each device by its address. Absent: all are made here. */
  readonly kernel?: KernelDevices | undefined;
}

export interface KernelDevices {
  readonly settings: readonly KernelSetting[];
  /** Of device 0; those of the others follow. */
  readonly firstAddress: number;
}

/** An open stream whose network it is. */
export interface ShapedConnection {
  /** The conditions have changed. */
  changed(nowMs: number): void;
  /** Closes what is left of it at once. */
  abandon(): void;
}

/** Random draws of one device. */
export interface DeviceDraws extends BothDraws {
  /** Of its connections. */
  readonly own: NetworkDraws;
  /** In [0, 1): where its stalls begin. */
  readonly phase: number;
}

/** The conditions of a slice's network, what it did so far, and the connections that a change of it reaches. */
export class SliceNetwork {
  readonly heap: WakeHeap;
  readonly clock: Clock;
  readonly counters = new NetworkCounters();
  readonly #settings: SliceNetworkSettings;
  readonly #changes: NetworkChanges;
  readonly #connections = new Set<ShapedConnection>();
  readonly #draws = new Map<number, DeviceDraws>();
  #conditions: NetworkConditions;
  #hasShaped = false;
  #hasShapedBelow = false;

  constructor(settings: SliceNetworkSettings) {
    this.#settings = settings;
    this.clock = settings.clock;
    this.heap = new WakeHeap(settings.clock);
    this.#changes = new NetworkChanges(settings.planned);
    this.#conditions = this.#own();
  }

  /** What is made of bytes here, without what the kernel makes of packets. */
  get conditions(): NetworkConditions {
    return this.#conditions;
  }

  /** Whether it does anything to devices' bytes now. */
  get isShaping(): boolean {
    return hasAny(this.#conditions);
  }

  /** Whether devices have had a network so far, made here or by the kernel. */
  get hasShaped(): boolean {
    return this.#hasShaped || this.#hasShapedBelow;
  }

  /** From which a device connects; undefined: the system chooses. */
  addressOf(device: number): string | undefined {
    const { kernel } = this.#settings;
    return kernel && formatIpv4(kernel.firstAddress + device);
  }

  /** The conditions of the instant, and that there were any. */
  #own(): NetworkConditions {
    const { conditions } = this.#changes;
    const { kernel } = this.#settings;
    const own = kernel === undefined ? conditions : userPart(conditions, kernel.settings);
    this.#hasShaped ||= hasAny(own);
    this.#hasShapedBelow ||= kernel !== undefined && hasAny(conditions);
    return own;
  }

  /** @param at epoch milliseconds, as the action says @returns carries it out */
  prepareChange(form: NetworkForm, at: number): () => void {
    this.#changes.add(form, at);
    return () => {
      this.#changes.reach(at);
      const nowMs = this.clock.now();
      this.#conditions = this.#own();
      for (const connection of this.#connections) connection.changed(nowMs);
    };
  }

  isOut(device: number): boolean {
    const { outage } = this.conditions;
    return outage !== undefined && this.#settings.isOut(outage, device);
  }

  drawsOf(device: number): DeviceDraws {
    let draws = this.#draws.get(device);
    if (draws === undefined) {
      const { seed, firstDevice } = this.#settings;
      const make = (direction: 0 | 1 | 2) => new NetworkDraws(seed, firstDevice + device, direction);
      const own = make(2);
      draws = { up: make(0), down: make(1), own, phase: own.uniform() };
      this.#draws.set(device, draws);
    }
    return draws;
  }

  opened(connection: ShapedConnection): void {
    this.#connections.add(connection);
  }

  closed(connection: ShapedConnection): void {
    this.#connections.delete(connection);
  }

  /** Closes the connections that devices have left open. */
  close(): void {
    for (const connection of this.#connections) connection.abandon();
    this.#connections.clear();
    this.heap.close();
  }

  /** Undefined: it has done nothing. */
  result(): NetworkResult | undefined {
    return this.#hasShaped ? this.counters.result() : undefined;
  }
}

function hasAny(conditions: NetworkConditions): boolean {
  for (const _ in conditions) return true;
  return false;
}
